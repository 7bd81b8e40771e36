// Storage pools and volumes.

import type { Connection } from '../../driver/connection.ts';
import type { PoolSummary } from '../../driver/storage/pools.ts';
import type { VolumeRef } from '../../driver/storage/volumes.ts';
import { libvirtError } from '../../errors.ts';
import { named, onlyFlags } from '../flags.ts';
import { call, callsOf, type Procedure } from '../procedure.ts';
import { uuid } from '../types.ts';
import { array, flag, int, nothing, optional, string, struct, type Type, uhyper, uint, type ValueOf } from '../xdr.ts';

const poolDriver = () => import('../../driver/storage/pools.ts');
const volumeDriver = () => import('../../driver/storage/volumes.ts');

const LIST_MAX = 4096;
const VOLUME_LIST_MAX = 16384;

export const pool = struct({ name: string, uuid });
/** Its key is its path. */
export const volume = struct({ pool: string, name: string, key: string });
type WirePool = ValueOf<typeof pool>;
type WireVolume = ValueOf<typeof volume>;

const wire = ({ name, uuid: id }: Pick<PoolSummary, 'name' | 'uuid'>): WirePool => ({ name, uuid: id });
const wireVolume = ({ pool: { name: owner }, name, path }: VolumeRef): WireVolume => ({ pool: owner, name, key: path });

/** virConnectListAllStoragePoolsFlags: each pair is a choice; then types, of which there is one. */
const FILTERS: readonly (readonly [yes: number, no: number, test: (one: PoolSummary) => boolean])[] = [
  [2, 1, ({ active }) => active],
  [4, 8, ({ persistent }) => persistent],
  [16, 32, ({ autostart }) => autostart],
];
const OF_DIRECTORIES = 1 << 6;
const ALL_TYPES = 0xfffc0;
const ALL_FILTERS = 63 | ALL_TYPES;

const passes = (one: PoolSummary, flags: number): boolean =>
  FILTERS.every(([yes, no, test]) => !(flags & yes) === !(flags & no) || test(one) === ((flags & yes) !== 0)) &&
  (!(flags & ALL_TYPES) || (flags & OF_DIRECTORIES) !== 0);

const POOL_STATES = { inactive: 0, running: 2 };
const VOLUME_TYPES = { file: 0, dir: 2 };
const INACTIVE_XML = 1;
const VALIDATE = 1;
const PHYSICAL = 1;

/** virStoragePoolCreateFlags. */
const CREATE = { build: 1, overwrite: 2, noOverwrite: 4 };
/** virStoragePoolBuildFlags; the others are of file systems. */
const BUILD = { noOverwrite: 4, overwrite: 8 };
const BUILD_MAX = 15;
/** virStorageVolCreateFlags; 4: checked against a schema, as it is anyway. */
const VOLUME_CREATE = { preallocateMetadata: 1, reflink: 2 };
const VOLUME_CREATE_MAX = 7;
const RESIZE = { allocate: 1, delta: 2, shrink: 4 };
const RESIZE_MAX = 7;

/** By its uuid. Throws NO_STORAGE_POOL. */
async function poolOf(connection: Connection, asked: WirePool): Promise<PoolSummary> {
  return (await poolDriver()).lookupPool(connection, asked.uuid, ['uuid']);
}

export async function volumeOf(connection: Connection, asked: WireVolume): Promise<VolumeRef> {
  return (await volumeDriver()).volumeByPath(connection, asked.key, 'key');
}

const ofPool = struct({ pool });
const ofVolume = struct({ volume });
const counted = struct({ count: int });
const listed = struct({ names: array(string, LIST_MAX) });
const asked = struct({ most: int });

const numberOf = (active: boolean): Procedure =>
  call(nothing, counted, async (connection) => ({
    count: (await poolDriver()).listPools(connection).filter((one) => one.active === active).length,
  }));
const namesOf = (active: boolean): Procedure =>
  call(asked, listed, async (connection, { most }) => {
    const all = (await poolDriver()).listPools(connection).filter((one) => one.active === active);
    return { names: all.map(({ name }) => name).slice(0, Math.max(0, most)) };
  });
const tells = <T>(result: Type<T>, tell: (one: PoolSummary) => T): Procedure =>
  call(ofPool, result, async (connection, { pool: one }) => tell(await poolOf(connection, one)));

const volumeInfo = struct({ type: int, capacity: uhyper, allocation: uhyper });

async function infoOf(connection: Connection, one: WireVolume, isPhysical: boolean) {
  const ref = await volumeOf(connection, one);
  const { type, capacity, allocation, physical } = (await volumeDriver()).volumeOf(connection, ref);
  return { type: VOLUME_TYPES[type], capacity, allocation: isPhysical ? (physical ?? 0n) : allocation };
}

async function wipe(connection: Connection, one: WireVolume, algorithm: number, flags: number): Promise<void> {
  onlyFlags(flags, 0, 'storageVolWipePattern');
  const { WIPE_ALGORITHMS, wipeVolume } = await volumeDriver();
  const name = WIPE_ALGORITHMS[algorithm];
  if (name === undefined) throw libvirtError('INVALID_ARG', `wiping algorithm ${algorithm} not supported`);
  wipeVolume(connection, await volumeOf(connection, one), name);
}

export const storageProcedures: Readonly<Record<number, Procedure>> = callsOf('storage', {
  71: numberOf(true),
  72: namesOf(true),
  73: numberOf(false),
  74: namesOf(false),
  281: call(
    struct({ wanted: int, flags: uint }),
    struct({ pools: array(pool, LIST_MAX), count: uint }),
    async (connection, { wanted, flags }) => {
      onlyFlags(flags, ALL_FILTERS, 'storageConnectListAllStoragePools');
      const passed = (await poolDriver()).listPools(connection).filter((one) => passes(one, flags));
      return { pools: wanted ? passed.map(wire) : [], count: passed.length };
    },
  ),
  75: call(
    struct({ type: string, specification: optional(string), flags: uint }),
    struct({ xml: string }),
    async (connection, { type, flags }) => {
      onlyFlags(flags, 0, 'storageConnectFindPoolSources');
      return (await poolDriver()).findPoolSources(connection, type);
    },
  ),
  76: call(struct({ xml: string, flags: uint }), ofPool, async (connection, { xml, flags }) => {
    onlyFlags(flags, 7, 'storagePoolCreateXML');
    return { pool: wire((await poolDriver()).createPool(connection, xml, named(flags, CREATE))) };
  }),
  77: call(struct({ xml: string, flags: uint }), ofPool, async (connection, { xml, flags }) => {
    onlyFlags(flags, VALIDATE, 'storagePoolDefineXML');
    return { pool: wire((await poolDriver()).definePool(connection, xml)) };
  }),
  78: call(struct({ pool, flags: uint }), nothing, async (connection, { pool: one, flags }) => {
    onlyFlags(flags, 7, 'storagePoolCreate');
    (await poolDriver()).startPool(connection, await poolOf(connection, one), named(flags, CREATE));
  }),
  79: call(struct({ pool, flags: uint }), nothing, async (connection, { pool: one, flags }) => {
    onlyFlags(flags, BUILD_MAX, 'storagePoolBuild');
    (await poolDriver()).buildPool(connection, await poolOf(connection, one), named(flags, BUILD));
  }),
  80: call(ofPool, nothing, async (connection, { pool: one }) =>
    (await poolDriver()).destroyPool(connection, await poolOf(connection, one)),
  ),
  81: call(struct({ pool, flags: uint }), nothing, async (connection, { pool: one, flags }) => {
    onlyFlags(flags, 0, 'storagePoolDelete');
    (await poolDriver()).deletePool(connection, await poolOf(connection, one));
  }),
  82: call(ofPool, nothing, async (connection, { pool: one }) =>
    (await poolDriver()).undefinePool(connection, await poolOf(connection, one)),
  ),
  83: call(struct({ pool, flags: uint }), nothing, async (connection, { pool: one, flags }) => {
    onlyFlags(flags, 0, 'storagePoolRefresh');
    (await poolDriver()).refreshPool(connection, await poolOf(connection, one));
  }),
  84: call(struct({ name: string }), ofPool, async (connection, { name }) => ({
    pool: wire((await poolDriver()).lookupPool(connection, name, ['name'])),
  })),
  85: call(struct({ uuid }), ofPool, async (connection, { uuid: id }) => ({
    pool: wire((await poolDriver()).lookupPool(connection, id, ['uuid'])),
  })),
  86: call(ofVolume, ofPool, async (connection, { volume: one }) => ({ pool: wire((await volumeOf(connection, one)).pool) })),
  391: call(struct({ path: string }), ofPool, async (connection, { path }) => ({
    pool: wire((await poolDriver()).lookupPoolByTarget(connection, path)),
  })),
  87: call(ofPool, struct({ state: int, capacity: uhyper, allocation: uhyper, available: uhyper }), async (connection, { pool: one }) => {
    const found = await poolOf(connection, one);
    const use = (await poolDriver()).poolUse(found) ?? { capacity: 0n, allocation: 0n, available: 0n };
    return { state: POOL_STATES[found.active ? 'running' : 'inactive'], ...use };
  }),
  88: call(struct({ pool, flags: uint }), struct({ xml: string }), async (connection, { pool: one, flags }) => {
    onlyFlags(flags, INACTIVE_XML, 'storagePoolGetXMLDesc');
    const found = await poolOf(connection, one);
    return { xml: (await poolDriver()).poolXml(connection, found, { inactive: (flags & INACTIVE_XML) !== 0 }) };
  }),
  89: tells(struct({ autostart: flag }), ({ autostart }) => ({ autostart })),
  90: call(struct({ pool, autostart: flag }), nothing, async (connection, { pool: one, autostart }) =>
    (await poolDriver()).markPoolAutostart(connection, await poolOf(connection, one), autostart),
  ),
  154: tells(struct({ active: flag }), ({ active }) => ({ active })),
  155: tells(struct({ persistent: flag }), ({ persistent }) => ({ persistent })),
  91: call(ofPool, counted, async (connection, { pool: one }) => ({
    count: (await volumeDriver()).listVolumes(connection, await poolOf(connection, one)).length,
  })),
  92: call(struct({ pool, most: int }), struct({ names: array(string, VOLUME_LIST_MAX) }), async (connection, { pool: one, most }) => {
    const all = (await volumeDriver()).listVolumes(connection, await poolOf(connection, one));
    return { names: all.map(({ name }) => name).slice(0, Math.max(0, most)) };
  }),
  282: call(
    struct({ pool, wanted: int, flags: uint }),
    struct({ volumes: array(volume, VOLUME_LIST_MAX), count: uint }),
    async (connection, { pool: one, wanted, flags }) => {
      onlyFlags(flags, 0, 'storagePoolListAllVolumes');
      const found = await poolOf(connection, one);
      const all = (await volumeDriver()).listVolumes(connection, found).slice(0, VOLUME_LIST_MAX);
      const volumes = wanted ? all.map(({ name, path }) => wireVolume({ pool: found, name, path })) : [];
      return { volumes, count: all.length };
    },
  ),
  93: call(struct({ pool, xml: string, flags: uint }), ofVolume, async (connection, { pool: one, xml, flags }) => {
    onlyFlags(flags, VOLUME_CREATE_MAX, 'storageVolCreateXML');
    const { createVolume } = await volumeDriver();
    return { volume: wireVolume(createVolume(connection, await poolOf(connection, one), xml, named(flags, VOLUME_CREATE))) };
  }),
  125: call(
    struct({ pool, xml: string, original: volume, flags: uint }),
    ofVolume,
    async (connection, { pool: one, xml, original, flags }) => {
      onlyFlags(flags, VOLUME_CREATE_MAX, 'storageVolCreateXMLFrom');
      const { copyVolume } = await volumeDriver();
      const [into, from] = [await poolOf(connection, one), await volumeOf(connection, original)];
      return { volume: wireVolume(copyVolume(connection, into, xml, from, named(flags, VOLUME_CREATE))) };
    },
  ),
  94: call(struct({ volume, flags: uint }), nothing, async (connection, { volume: one, flags }) => {
    onlyFlags(flags, 0, 'virStorageBackendVolDeleteLocal');
    (await volumeDriver()).deleteVolume(connection, await volumeOf(connection, one));
  }),
  165: call(struct({ volume, flags: uint }), nothing, (connection, { volume: one, flags }) => wipe(connection, one, 0, flags)),
  259: call(struct({ volume, algorithm: uint, flags: uint }), nothing, (connection, { volume: one, algorithm, flags }) =>
    wipe(connection, one, algorithm, flags),
  ),
  260: call(struct({ volume, capacity: uhyper, flags: uint }), nothing, async (connection, { volume: one, capacity, flags }) => {
    onlyFlags(flags, RESIZE_MAX, 'storageVolResize');
    (await volumeDriver()).resizeVolume(connection, await volumeOf(connection, one), capacity, named(flags, RESIZE));
  }),
  95: call(struct({ pool, name: string }), ofVolume, async (connection, { pool: one, name }) => ({
    volume: wireVolume((await volumeDriver()).volumeByName(connection, await poolOf(connection, one), name)),
  })),
  96: call(struct({ key: string }), ofVolume, async (connection, { key }) => ({
    volume: wireVolume((await volumeDriver()).volumeByPath(connection, key, 'key')),
  })),
  97: call(struct({ path: string }), ofVolume, async (connection, { path }) => ({
    volume: wireVolume((await volumeDriver()).volumeByPath(connection, path)),
  })),
  98: call(ofVolume, volumeInfo, (connection, { volume: one }) => infoOf(connection, one, false)),
  378: call(struct({ volume, flags: uint }), volumeInfo, (connection, { volume: one, flags }) => {
    onlyFlags(flags, PHYSICAL, 'storageVolGetInfoFlags');
    return infoOf(connection, one, (flags & PHYSICAL) !== 0);
  }),
  99: call(struct({ volume, flags: uint }), struct({ xml: string }), async (connection, { volume: one, flags }) => {
    onlyFlags(flags, 0, 'storageVolGetXMLDesc');
    return { xml: (await volumeDriver()).volumeXml(connection, await volumeOf(connection, one)) };
  }),
  100: call(ofVolume, struct({ path: string }), async (connection, { volume: one }) => ({ path: (await volumeOf(connection, one)).path })),
});

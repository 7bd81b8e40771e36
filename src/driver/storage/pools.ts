// Storage pools: directories whose files and directories are volumes. libvirt has them in a driver of their own, which
// virt-manager and virt-install ask beside that of containers.
import fs from 'node:fs';
import { libvirtError, systemError } from '../../errors.ts';
import { parseHost } from '../../host/parse-host.ts';
import type { PoolDefinition, PoolUse } from '../../storage/definition.ts';
import { formatPool } from '../../storage/format.ts';
import { parsePool } from '../../storage/parse.ts';
import { isFirstOfBoot } from '../../store/autostart.ts';
import { recordPoolEvent } from '../../store/events.ts';
import { lockPools } from '../../store/lock.ts';
import { paths } from '../../store/paths.ts';
import {
  allPools,
  autostartedPools,
  findPool,
  findPoolByUuid,
  noPool,
  type PoolSummary,
  poolDefinition,
  removePoolDefinition,
  removePoolState,
  setPoolAutostart,
  writePoolDefinition,
  writePoolState,
} from '../../store/pools.ts';
import { type AutostartResult, startMarked } from '../autostart.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';

export type { PoolSummary } from '../../store/pools.ts';

/** What names a pool in every call. */
export type PoolRef = Pick<PoolSummary, 'name' | 'uuid'>;

/** libvirt's default for the directory of a pool that says none. */
const DIRECTORY_MODE = 0o711;

/** All pools, by name. */
export const listPools = (_connection: Connection): PoolSummary[] => allPools().sort((a, b) => (a.name < b.name ? -1 : 1));

/** The pool that `text` means, tried as each of `by` in that order. Throws NO_STORAGE_POOL. */
export function lookupPool(_connection: Connection, text: string, by: readonly ('uuid' | 'name')[]): PoolSummary {
  for (const kind of by) {
    const found = kind === 'uuid' ? findPoolByUuid(text) : findPool(text);
    if (found) return found;
  }
  throw noPool(text, by.includes('name') ? 'name' : 'uuid');
}

/** The pool whose directory this is. Throws NO_STORAGE_POOL. */
export function lookupPoolByTarget(_connection: Connection, path: string): PoolSummary {
  const found = allPools().find(({ active, definition }) => active && definition.path === path);
  if (found === undefined) throw libvirtError('NO_STORAGE_POOL', `no storage pool with matching target path '${path}'`);
  return found;
}

/** The pool as it is now. Throws NO_STORAGE_POOL. */
function present({ name }: PoolRef): PoolSummary {
  const found = findPool(name);
  if (found === undefined) throw noPool(name, 'name');
  return found;
}

/** The same, if it is active. Throws OPERATION_INVALID where it is not. */
export function activePool(_connection: Connection, ref: PoolRef): PoolSummary {
  const pool = present(ref);
  if (!pool.active) throw libvirtError('OPERATION_INVALID', `storage pool '${pool.name}' is not active`);
  return pool;
}

const requireInactive = ({ name, active }: PoolSummary): void => {
  if (active) throw libvirtError('OPERATION_INVALID', `storage pool '${name}' is already active`);
};

/** Throws OPERATION_INVALID while it is active: what this is about to do to it is not done to a pool in use. */
const requireEnded = ({ name, active }: PoolSummary): void => {
  if (active) throw libvirtError('OPERATION_INVALID', `storage pool '${name}' is still active`);
};

/** What the file system of an active pool has; undefined for others, and where it cannot be asked. */
export function poolUse({ active, definition }: PoolSummary): PoolUse | undefined {
  if (!active) return undefined;
  try {
    const { bsize, blocks, bfree } = fs.statfsSync(definition.path, { bigint: true });
    return { capacity: bsize * blocks, allocation: bsize * (blocks - bfree), available: bsize * bfree };
  } catch {
    return undefined;
  }
}

/** `inactive`: of one that is active, what its next start will be with. */
export function poolXml(_connection: Connection, ref: PoolRef, { inactive }: { inactive: boolean }): string {
  const pool = present(ref);
  if (inactive || !pool.active) return formatPool((inactive ? poolDefinition(pool.name) : undefined) ?? pool.definition);
  return formatPool({ ...pool.definition, permissions: directoryPermissions(pool.definition) }, poolUse(pool));
}

function directoryPermissions({ path, permissions }: PoolDefinition): PoolDefinition['permissions'] {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found ? { mode: found.mode & 0o7777, owner: found.uid, group: found.gid } : permissions;
}

/** Throws OPERATION_FAILED where name, uuid or directory is another pool's. The caller holds the lock. */
function requireUnique({ name, uuid, path }: PoolDefinition): void {
  const pools = allPools();
  const same = pools.find((pool) => pool.uuid === uuid);
  if (same && same.name !== name) throw libvirtError('OPERATION_FAILED', `pool '${same.name}' is already defined with uuid ${uuid}`);
  const namesake = same ?? pools.find((pool) => pool.name === name);
  if (namesake && namesake.uuid !== uuid)
    throw libvirtError('OPERATION_FAILED', `pool '${name}' already exists with uuid ${namesake.uuid}`);
  const rival = pools.find((pool) => pool.name !== name && pool.definition.path === path);
  if (rival) throw libvirtError('OPERATION_FAILED', `Storage source conflict with pool: '${rival.name}'`);
}

/** Throws XML_ERROR and its kin, OPERATION_FAILED; nothing is stored then. */
export function definePool(connection: Connection, xml: string): PoolRef {
  requireWritable(connection, 'virStoragePoolDefineXML');
  requireBeyondLibvirt('virStoragePoolDefineXML');
  const pool = parsePool(xml, parseHost.randomUuid);
  using _lock = lockPools();
  requireUnique(pool);
  writePoolDefinition(pool);
  happened(pool, 'Defined');
  return pool;
}

export interface BuildOptions {
  /** Of file systems only: refused for directories, as libvirt does. */
  overwrite?: boolean;
  noOverwrite?: boolean;
}

/** libvirt's types of pools. */
const POOL_TYPES = 'dir fs netfs logical disk iscsi iscsi-direct scsi mpath rbd sheepdog gluster zfs vstorage'.split(' ');

/** What pools of a type could be made of: nothing is to be found for directories. */
export function findPoolSources(connection: Connection, type: string): never {
  requireWritable(connection, 'virConnectFindStoragePoolSources');
  requireBeyondLibvirt('virConnectFindStoragePoolSources');
  if (!POOL_TYPES.includes(type)) throw libvirtError('INTERNAL_ERROR', `unknown storage pool type ${type}`);
  throw libvirtError('NO_SUPPORT', `pool type '${type}' does not support source discovery`);
}

/** A pool that is gone when it ends. Throws as definePool() and startPool() do. */
export function createPool(connection: Connection, xml: string, { build, ...options }: BuildOptions & { build: boolean }): PoolRef {
  requireWritable(connection, 'virStoragePoolCreateXML');
  requireBeyondLibvirt('virStoragePoolCreateXML');
  const pool = parsePool(xml, parseHost.randomUuid);
  using _lock = lockPools();
  requireUnique(pool);
  const present = findPool(pool.name);
  if (present) requireInactive(present);
  if (build) buildDirectory(pool, options);
  begin(pool);
  return pool;
}

/** Throws SYSTEM_ERROR where its directory cannot be read; the pool stays inactive then. */
export function startPool(connection: Connection, ref: PoolRef, { build, ...options }: BuildOptions & { build: boolean }): void {
  requireWritable(connection, 'virStoragePoolCreate');
  using _lock = lockPools();
  const pool = present(ref);
  requireInactive(pool);
  if (build) buildDirectory(pool.definition, options);
  begin(pool.definition);
}

function begin(pool: PoolDefinition): void {
  readDirectory(pool.path);
  writePoolState(pool);
  happened(pool, 'Started');
}

function readDirectory(path: string): void {
  try {
    fs.opendirSync(path).closeSync();
  } catch (error) {
    throw systemError(`cannot open directory '${path}'`, error);
  }
}

/** The directory and what is in it stay. */
export function destroyPool(connection: Connection, ref: PoolRef): void {
  requireWritable(connection, 'virStoragePoolDestroy');
  using _lock = lockPools();
  const pool = activePool(connection, ref);
  removePoolState(pool.name);
  happened(pool, 'Stopped');
}

/** Throws OPERATION_INVALID for an active pool. */
export function undefinePool(connection: Connection, ref: PoolRef): void {
  requireWritable(connection, 'virStoragePoolUndefine');
  using _lock = lockPools();
  const pool = present(ref);
  requireEnded(pool);
  removePoolDefinition(pool.name);
  happened(pool, 'Undefined');
}

/** Makes the directory, and those above it. Throws OPERATION_INVALID for an active pool, SYSTEM_ERROR. */
export function buildPool(connection: Connection, ref: PoolRef, options: BuildOptions = {}): void {
  requireWritable(connection, 'virStoragePoolBuild');
  using _lock = lockPools();
  const pool = present(ref);
  requireInactive(pool);
  buildDirectory(pool.definition, options);
  happened(pool, 'Created');
}

function buildDirectory({ name, path, permissions }: PoolDefinition, { overwrite, noOverwrite }: BuildOptions): void {
  if (overwrite || noOverwrite) throw libvirtError('OPERATION_INVALID', `No source device specified when formatting pool '${name}'`);
  const { mode, owner, group } = permissions;
  try {
    const isNew = fs.mkdirSync(path, { recursive: true }) !== undefined;
    if (isNew || mode !== undefined) fs.chmodSync(path, mode ?? DIRECTORY_MODE);
    if (owner !== undefined || group !== undefined) {
      const { uid, gid } = fs.statSync(path);
      fs.chownSync(path, owner ?? uid, group ?? gid);
    }
  } catch (error) {
    throw systemError(`cannot create path '${path}'`, error);
  }
}

/** Removes the directory, which has to be empty. Throws OPERATION_INVALID, SYSTEM_ERROR. */
export function deletePool(connection: Connection, ref: PoolRef): void {
  requireWritable(connection, 'virStoragePoolDelete');
  using _lock = lockPools();
  const pool = present(ref);
  requireEnded(pool);
  try {
    fs.rmdirSync(pool.definition.path);
  } catch (error) {
    throw systemError(`failed to remove pool '${pool.definition.path}'`, error);
  }
  happened(pool, 'Deleted');
}

/** Differs from libvirt: volumes are looked for whenever they are asked for, so that this tells those who listen, and no more. */
export function refreshPool(connection: Connection, ref: PoolRef): void {
  requireWritable(connection, 'virStoragePoolRefresh');
  const pool = activePool(connection, ref);
  readDirectory(pool.definition.path);
  recordPoolEvent({ pool: pool.name, uuid: pool.uuid, event: 'refresh' });
}

/** Throws INTERNAL_ERROR for a pool that is not stored. */
export function markPoolAutostart(connection: Connection, ref: PoolRef, on: boolean): void {
  requireWritable(connection, 'virStoragePoolSetAutostart');
  using _lock = lockPools();
  const pool = present(ref);
  if (!pool.persistent) throw libvirtError('INTERNAL_ERROR', 'pool has no config file');
  setPoolAutostart(pool.name, on);
}

/** Starts every marked pool that is not active; once for each boot of the host, unless `again`. */
export function autostartPools(connection: Connection, { again }: { again: boolean }): AutostartResult[] {
  const marked = autostartedPools();
  if (marked.length === 0) return [];
  requireWritable(connection, 'virStoragePoolCreate');
  if (!isFirstOfBoot(paths.poolAutostarted) && !again) return [];
  return startMarked(marked, { find: findPool, start: (pool) => startPool(connection, pool, { build: false }) });
}

function happened({ name, uuid }: PoolRef, kind: 'Defined' | 'Undefined' | 'Started' | 'Stopped' | 'Created' | 'Deleted'): void {
  recordPoolEvent({ pool: name, uuid, event: 'lifecycle', kind });
}

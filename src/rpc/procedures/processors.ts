// The virtual processors of a domain.

import type { Connection } from '../../driver/connection.ts';
import { requireBeyondLibvirt } from '../../driver/functions.ts';
import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { affectOf, CONFIG, named } from '../flags.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain, type WireDomain } from '../types.ts';
import { array, bytes, int, nothing, struct, uhyper, uint } from '../xdr.ts';
import { domainOf } from './domain-of.ts';

const vcpus = () => import('../../driver/domain/vcpus.ts');

/** virDomainVcpuFlags. */
const VCPU = { maximum: 4, guest: 8, hotpluggable: 16 } as const;

const MAP_MAX = 2048;
const MAPS_MAX = 8 << 20;
const INFO_MAX = 16384;
const RUNNING = 1;

async function setVcpus(connection: Connection, asked: WireDomain, count: number, flags: number, api: string): Promise<void> {
  const affect = affectOf(flags, 'lxcDomainSetVcpusFlags', VCPU.maximum | VCPU.guest | VCPU.hotpluggable);
  const driver = await vcpus();
  await driver.setVcpus(connection, domainOf(asked), count, { ...affect, ...named(flags, VCPU) }, api);
}

async function pinVcpu(
  connection: Connection,
  asked: WireDomain,
  vcpu: number,
  map: Uint8Array,
  flags: number,
  api: string,
): Promise<void> {
  const affect = affectOf(flags, 'lxcDomainPinVcpuFlags');
  const driver = await vcpus();
  await driver.pinVcpu(connection, domainOf(asked), { vcpu, cpus: formatBitmap(membersOf(map)) }, affect, api);
}

/** A map has a bit for each processor of the host, the first one's lowest. */
const membersOf = (map: Uint8Array): number[] =>
  [...map].flatMap((byte, at) => [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (1 << bit) ? [8 * at + bit] : [])));

function mapsOf(all: readonly (readonly number[])[], length: number): Uint8Array {
  if (length < 0 || length > MAP_MAX || all.length * length > MAPS_MAX) throw libvirtError('INTERNAL_ERROR', 'cpu maps are too large');
  const maps = new Uint8Array(all.length * length);
  for (const [i, cpus] of all.entries()) for (const cpu of cpus) if (cpu < 8 * length) maps[i * length + (cpu >> 3)]! |= 1 << (cpu & 7);
  return maps;
}

export const processorProcedures: Readonly<Record<number, Procedure>> = {
  18: call(struct({ domain }), struct({ count: int }), async (connection, { domain: asked }) => {
    requireBeyondLibvirt('virDomainGetMaxVcpus');
    const { vcpuCounts } = await vcpus();
    return { count: vcpuCounts(connection, domainOf(asked)).maximum };
  }),
  200: call(struct({ domain, flags: uint }), struct({ count: int }), async (connection, { domain: asked, flags }) => {
    requireBeyondLibvirt('virDomainGetVcpusFlags');
    const { live, config } = affectOf(flags, 'lxcDomainGetVcpusFlags', VCPU.maximum | VCPU.guest);
    if (flags & VCPU.guest) throw libvirtError('NO_SUPPORT', 'virDomainGetVcpusFlags');
    const { vcpuCounts } = await vcpus();
    const counts = vcpuCounts(connection, domainOf(asked));
    if (live && !counts.active) throw libvirtError('OPERATION_INVALID', 'domain is not running');
    if (config && !counts.persistent) throw libvirtError('OPERATION_INVALID', 'transient domains do not have any persistent config');
    if (flags & VCPU.maximum) return { count: counts.maximum };
    return { count: (flags & CONFIG) !== 0 || !counts.active ? (counts.configured ?? counts.maximum) : counts.used };
  }),
  32: call(struct({ domain, count: uint }), nothing, (connection, { domain: asked, count }) =>
    setVcpus(connection, asked, count, 1, 'virDomainSetVcpus'),
  ),
  199: call(struct({ domain, count: uint, flags: uint }), nothing, (connection, { domain: asked, count, flags }) =>
    setVcpus(connection, asked, count, flags, 'virDomainSetVcpusFlags'),
  ),
  26: call(struct({ domain, vcpu: uint, map: bytes(MAP_MAX) }), nothing, (connection, { domain: asked, vcpu, map }) =>
    pinVcpu(connection, asked, vcpu, map, 1, 'virDomainPinVcpu'),
  ),
  225: call(struct({ domain, vcpu: uint, map: bytes(MAP_MAX), flags: uint }), nothing, (connection, { domain: asked, vcpu, map, flags }) =>
    pinVcpu(connection, asked, vcpu, map, flags, 'virDomainPinVcpuFlags'),
  ),
  230: call(
    struct({ domain, most: int, length: int, flags: uint }),
    struct({ maps: bytes(MAPS_MAX), count: int }),
    async (connection, { domain: asked, most, length, flags }) => {
      const affect = affectOf(flags, 'lxcDomainGetVcpuPinInfo');
      const { vcpuAffinities } = await vcpus();
      const all = vcpuAffinities(connection, domainOf(asked), affect).slice(0, Math.max(0, most));
      return {
        maps: mapsOf(
          all.map((cpus) => parseBitmap(cpus, 8 * MAP_MAX)),
          length,
        ),
        count: all.length,
      };
    },
  ),
  279: call(struct({ domain, map: bytes(MAP_MAX), flags: uint }), nothing, async (connection, { domain: asked, map, flags }) => {
    const affect = affectOf(flags, 'lxcDomainPinEmulator');
    const { pinEmulator } = await vcpus();
    await pinEmulator(connection, domainOf(asked), formatBitmap(membersOf(map)), affect);
  }),
  280: call(
    struct({ domain, length: int, flags: uint }),
    struct({ maps: bytes(MAPS_MAX), count: int }),
    async (connection, { domain: asked, length, flags }) => {
      const affect = affectOf(flags, 'lxcDomainGetEmulatorPinInfo');
      const { emulatorAffinity } = await vcpus();
      return { maps: mapsOf([parseBitmap(emulatorAffinity(connection, domainOf(asked), affect), 8 * MAP_MAX)], length), count: 1 };
    },
  ),
  20: call(
    struct({ domain, most: int, length: int }),
    struct({ infos: array(struct({ number: uint, state: int, time: uhyper, cpu: int }), INFO_MAX), maps: bytes(MAPS_MAX) }),
    async (connection, { domain: asked, most, length }) => {
      const { vcpuInfo } = await import('../../driver/domain/vcpu-info.ts');
      const all = vcpuInfo(connection, domainOf(asked)).vcpus.slice(0, Math.max(0, most));
      if (all.some(({ running }) => !running)) throw libvirtError('OPERATION_INVALID', 'domain is not running');
      const infos = all.map(({ running }, number) => ({ number, state: RUNNING, time: running!.timeNs ?? 0n, cpu: running!.cpu }));
      return {
        infos,
        maps: mapsOf(
          all.map(({ affinity }) => affinity),
          length,
        ),
      };
    },
  ),
};

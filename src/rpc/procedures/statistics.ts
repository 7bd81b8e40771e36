// What a domain used, and what is known of it from inside and from the network.

import type { Connection } from '../../driver/connection.ts';
import type { AddressSource } from '../../driver/domain/interfaces.ts';
import type { DomainFilter } from '../../driver/domain/stats/collect.ts';
import type { ParameterValue } from '../../driver/domain/stats/parameters.ts';
import { libvirtError } from '../../errors.ts';
import { onlyFlags, STRINGS_OKAY } from '../flags.ts';
import { doubleParameter, inRoom, intParameter, llongParameter, stringParameter, uintParameter, ullongParameter } from '../parameters.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain, domains, parameters, type TypedParameter } from '../types.ts';
import { array, hyper, int, optional, string, struct, uhyper, uint } from '../xdr.ts';
import { domainOf, wireDomain } from './domain-of.ts';

const block = () => import('../../driver/domain/block.ts');

/** virDomainMemoryStatTags. */
const MEMORY = { swapIn: 0, actual: 6, rss: 7 } as const;

const CPU_PARAMETERS_MAX = 2048;
const CPUS_MAX = 128;

/** virDomainInterfaceAddressesSource. */
const SOURCES: readonly AddressSource[] = ['lease', 'agent', 'arp'];
const FAMILIES = ['ipv4', 'ipv6'] as const;

/** virConnectGetAllDomainStatsFlags: whose statistics, and how. */
const FILTER = { active: 1, inactive: 2, persistent: 4, transient: 8 } as const;
const STATES = { running: 16, paused: 32, 'shut off': 64, other: 128 } as const;
const STATS_KNOWN = 0xff;
const NOWAIT = 2 ** 29;
const BACKING = 2 ** 30;
const ENFORCE = 2 ** 31;

function filterOf(flags: number): DomainFilter {
  const wants = (bit: number): boolean => (flags & bit) !== 0;
  return {
    active: wants(FILTER.active),
    inactive: wants(FILTER.inactive),
    persistent: wants(FILTER.persistent),
    transient: wants(FILTER.transient),
    states: (Object.keys(STATES) as (keyof typeof STATES)[]).filter((state) => wants(STATES[state])),
  };
}

/** The type that libvirt gives a figure: scripts in other languages see it. */
function statsParameter(key: string, value: ParameterValue): TypedParameter {
  if (typeof value === 'string') return stringParameter(key, value);
  if (typeof value === 'object') return doubleParameter(key, value.double);
  if (/^(?:state\.|vcpu\.\d+\.state$)/.test(key)) return intParameter(key, Number(value));
  if (/^(?:net|block)\.count$|^vcpu\.(?:current|maximum)$|\.backingIndex$/.test(key)) return uintParameter(key, Number(value));
  return ullongParameter(key, BigInt(value));
}

const record = struct({ domain, parameters: parameters(1 << 20) });

export const statisticsProcedures: Readonly<Record<number, Procedure>> = {
  64: call(
    struct({ domain, device: string }),
    struct({ readRequests: hyper, readBytes: hyper, writeRequests: hyper, writeBytes: hyper, errors: hyper }),
    async (connection, { domain: asked, device }) => {
      const { blockStats } = await block();
      return { ...blockStats(connection, domainOf(asked), device), errors: -1n };
    },
  ),
  243: call(
    struct({ domain, device: string, room: int, flags: uint }),
    struct({ parameters: parameters(16), count: int }),
    async (connection, { domain: asked, device, room, flags }) => {
      onlyFlags(flags, STRINGS_OKAY, 'lxcDomainBlockStatsFlags');
      const ref = domainOf(asked);
      if (room === 0) return { parameters: [], count: 4 };
      const { blockStats } = await block();
      const stats = blockStats(connection, ref, device);
      const all = [
        llongParameter('wr_bytes', stats.writeBytes),
        llongParameter('wr_operations', stats.writeRequests),
        llongParameter('rd_bytes', stats.readBytes),
        llongParameter('rd_operations', stats.readRequests),
      ];
      return inRoom(all, room);
    },
  ),
  194: call(
    struct({ domain, device: string, flags: uint }),
    struct({ allocation: uhyper, capacity: uhyper, physical: uhyper }),
    async (connection, { domain: asked, device, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainGetBlockInfo');
      const { blockInfo } = await block();
      return blockInfo(connection, domainOf(asked), device);
    },
  ),
  65: call(
    struct({ domain, device: string }),
    struct({ rxBytes: hyper, rxPackets: hyper, rxErrors: hyper, rxDropped: hyper, txBytes: hyper, txPackets: hyper, txErrors: hyper, txDropped: hyper }), // biome-ignore format: a table
    async (connection, { domain: asked, device }) => {
      const { interfaceTraffic } = await import('../../driver/domain/interfaces.ts');
      const { received: rx, sent: tx } = interfaceTraffic(connection, domainOf(asked), device);
      return {
        ...{ rxBytes: BigInt(rx.bytes), rxPackets: BigInt(rx.packets), rxErrors: BigInt(rx.errors), rxDropped: BigInt(rx.dropped) },
        ...{ txBytes: BigInt(tx.bytes), txPackets: BigInt(tx.packets), txErrors: BigInt(tx.errors), txDropped: BigInt(tx.dropped) },
      };
    },
  ),
  159: call(
    struct({ domain, most: uint, flags: uint }),
    struct({ stats: array(struct({ tag: int, value: uhyper }), 1024) }),
    async (connection, { domain: asked, most, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainMemoryStats');
      const { memoryStats } = await import('../../driver/domain/memory.ts');
      const { actual, swapIn, rss } = memoryStats(connection, domainOf(asked));
      const all: [tag: number, kib: number][] = [[MEMORY.actual, actual], [MEMORY.swapIn, swapIn], [MEMORY.rss, rss]]; // biome-ignore format: a table
      return { stats: all.slice(0, most).map(([tag, kib]) => ({ tag, value: BigInt(kib) })) };
    },
  ),
  262: call(
    struct({ domain, room: uint, start: int, cpus: uint, flags: uint }),
    struct({ parameters: parameters(CPU_PARAMETERS_MAX), count: int }),
    async (connection, { domain: asked, room, start, cpus, flags }) => {
      onlyFlags(flags, STRINGS_OKAY, 'lxcDomainGetCPUStats');
      const { cpuTimes, cpuTotals } = await import('../../driver/domain/cpu-stats.ts');
      const ref = domainOf(asked);
      if (start === -1) {
        const { totalNs, userNs, systemNs } = cpuTotals(connection, ref);
        const all = [ullongParameter('cpu_time', totalNs), ullongParameter('user_time', userNs), ullongParameter('system_time', systemNs)];
        if (room === 0) return { parameters: [], count: all.length };
        const told = all.slice(0, room);
        return { parameters: told, count: told.length };
      }
      const times = cpuTimes(connection, ref);
      if (room === 0 && cpus === 0) return { parameters: [], count: times.length };
      if (room === 0) return { parameters: [], count: 1 };
      if (start < 0 || start >= times.length)
        throw libvirtError('INVALID_ARG', `start_cpu ${start} larger than maximum of ${times.length - 1}`);
      const told = times.slice(start, start + Math.min(cpus, CPUS_MAX));
      return { parameters: told.map((time) => ullongParameter('cpu_time', time)), count: 1 };
    },
  ),
  353: call(
    struct({ domain, source: uint, flags: uint }),
    struct({
      interfaces: array(
        struct({
          name: string,
          mac: optional(string),
          addresses: array(struct({ type: int, address: string, prefix: uint }), 2048),
        }),
        2048,
      ),
    }),
    async (connection, { domain: asked, source, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainInterfaceAddresses');
      const named = SOURCES[source];
      if (named === undefined) throw libvirtError('ARGUMENT_UNSUPPORTED', `Unknown IP address data source ${source}`);
      const { interfaceAddresses } = await import('../../driver/domain/interfaces.ts');
      const interfaces = await interfaceAddresses(connection, domainOf(asked), named);
      return {
        interfaces: interfaces.map(({ name, mac, addresses }) => ({
          name,
          mac,
          addresses: addresses.map(({ family, address, prefix }) => ({ type: FAMILIES.indexOf(family), address, prefix })),
        })),
      };
    },
  ),
  277: call(struct({ domain, flags: uint }), struct({ name: string }), async (connection, { domain: asked, flags }) => {
    const LEASE = 1;
    const AGENT = 2;
    if (flags & AGENT) onlyFlags(flags, LEASE, 'lxcDomainGetHostname');
    onlyFlags(flags, LEASE, 'lxcDomainGetHostname');
    const { domainHostname } = await import('../../driver/domain/info.ts');
    return { name: await domainHostname(connection, domainOf(asked), flags & LEASE ? 'lease' : undefined) };
  }),
  344: call(
    struct({ domains, stats: uint, flags: uint }),
    struct({ records: array(record, 16384) }),
    async (connection: Connection, { domains: asked, stats, flags }) => {
      const { domainStats } = await import('../../driver/domain/stats.ts');
      const { STATS_GROUPS } = await import('../../driver/domain/stats/figures.ts');
      const { statsParameters } = await import('../../driver/domain/stats/parameters.ts');
      onlyFlags(flags, STATS_KNOWN | NOWAIT | BACKING | ENFORCE, 'lxcConnectGetAllDomainStats');
      const enforce = (flags & ENFORCE) !== 0;
      const unknown = stats & ~(2 ** STATS_GROUPS.length - 1);
      if (enforce && unknown)
        throw libvirtError('ARGUMENT_UNSUPPORTED', `Stats types bits 0x${(unknown >>> 0).toString(16)} are not supported by this daemon`);
      const wanted = STATS_GROUPS.filter((_, bit) => stats & (1 << bit));
      const refs = asked.map(domainOf);
      const { domains: figures, groups } = await domainStats(connection, {
        groups: wanted,
        enforce,
        filter: filterOf(flags),
        ...(asked.length > 0 && { domains: refs }),
      });
      return {
        records: figures.map((one) => {
          const told: TypedParameter[] = [];
          statsParameters(one, groups, (key, value) => {
            if (value !== undefined) told.push(statsParameter(key, value));
          });
          return { domain: wireDomain(one, one.id), parameters: told };
        }),
      };
    },
  ),
};

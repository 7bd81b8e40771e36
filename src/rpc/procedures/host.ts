// The host: what it is and how it is, and the little of it that can be changed.

import type { CellMemory } from '../../driver/node/host.ts';
import { libvirtError } from '../../errors.ts';
import { onlyFlags, STRINGS_OKAY } from '../flags.ts';
import { valuesOf } from '../parameters.ts';
import { call, type Procedure } from '../procedure.ts';
import { fixedText, parameters, type TypedParameter } from '../types.ts';
import { array, bytes, int, nothing, optional, string, struct, uhyper, uint } from '../xdr.ts';

const host = () => import('../../driver/node/host.ts');

const CPU_MAP_MAX = 2048;
const CELLS_MAX = 1024;

/** Figures by name, of which a client asks first how many there are. */
const figures = struct({ figures: array(struct({ name: string, value: uhyper }), 16), count: int });
const asFigures = (rows: readonly (readonly [string, bigint])[], room: number) => ({
  figures: room === 0 ? [] : rows.map(([name, value]) => ({ name, value })),
  count: room === 0 ? rows.length : 0,
});

const SUSPEND_TARGETS = ['mem', 'disk', 'hybrid'] as const;
/** virNodeAllocPagesFlags. */
const SET_PAGES = 1;

export const hostProcedures: Readonly<Record<number, Procedure>> = {
  5: call(struct({ type: optional(string) }), struct({ most: int }), async (connection) => {
    const { maxVcpus } = await import('../../driver/domain/vcpus.ts');
    return { most: maxVcpus(connection) };
  }),
  6: call(
    nothing,
    struct({ model: fixedText(32), memoryKiB: uhyper, cpus: int, mhz: int, nodes: int, sockets: int, cores: int, threads: int }),
    async (connection) => {
      const { nodeInfo } = await host();
      const info = nodeInfo(connection);
      return { ...info, memoryKiB: BigInt(info.memoryKiB) };
    },
  ),
  7: call(nothing, struct({ xml: string }), async (connection) => {
    const { capabilitiesXml } = await host();
    return { xml: await capabilitiesXml(connection) };
  }),
  59: call(nothing, struct({ name: string }), async (connection) => {
    const { hostName } = await host();
    return { name: await hostName(connection) };
  }),
  101: call(struct({ start: int, most: int }), struct({ cells: array(uhyper, CELLS_MAX) }), async (connection, { start, most }) => {
    const { cellFreeMemory, cellsFreeMemory } = await host();
    const first = cellFreeMemory(connection, start); // which knows what may be asked for
    const following = cellsFreeMemory(connection).filter(({ cell }) => cell > start);
    const asked: CellMemory[] = [first, ...following].slice(0, Math.max(0, most));
    return { cells: asked.map(({ freeKiB }) => BigInt(freeKiB) * 1024n) };
  }),
  102: call(nothing, struct({ free: uhyper }), async (connection) => {
    const { freeMemoryKiB } = await host();
    return { free: BigInt(freeMemoryKiB(connection)) * 1024n };
  }),
  203: call(struct({ flags: uint }), struct({ xml: string }), async (connection, { flags }) => {
    onlyFlags(flags, 0, 'lxcConnectGetSysinfo');
    const { sysinfoXml } = await host();
    return { xml: sysinfoXml(connection) };
  }),
  227: call(struct({ cpu: int, room: int, flags: uint }), figures, async (connection, { cpu, room, flags }) => {
    onlyFlags(flags, 0, 'virHostCPUGetStats');
    const { nodeCpuStats } = await host();
    // Who asks how many there are names any processor.
    const { system, user, idle, iowait } = nodeCpuStats(connection, room === 0 ? -1 : cpu);
    return asFigures([['kernel', system], ['user', user], ['idle', idle], ['iowait', iowait]], room); // biome-ignore format: a table
  }),
  228: call(struct({ room: int, cell: int, flags: uint }), figures, async (connection, { cell, room, flags }) => {
    onlyFlags(flags, 0, 'virHostMemGetStats');
    const { nodeMemoryStats } = await host();
    const { totalKiB, freeKiB, buffersKiB, cachedKiB } = nodeMemoryStats(connection, cell);
    const rows = Object.entries({ total: totalKiB, free: freeKiB, buffers: buffersKiB, cached: cachedKiB });
    return asFigures(
      rows.flatMap(([name, kib]): [string, bigint][] => (kib === undefined ? [] : [[name, BigInt(kib)]])),
      room,
    );
  }),
  250: call(struct({ target: uint, seconds: uhyper, flags: uint }), nothing, async (connection, { target, seconds, flags }) => {
    onlyFlags(flags, 0, 'virNodeSuspend');
    const { suspendNode } = await host();
    const named = SUSPEND_TARGETS[target];
    if (named === undefined) throw libvirtError('INTERNAL_ERROR', 'Invalid suspend target');
    await suspendNode(connection, named, Number(seconds));
  }),
  288: call(struct({ parameters: parameters(64), flags: uint }), nothing, async (connection, { parameters: given, flags }) => {
    onlyFlags(flags, 0, 'virHostMemSetParameters');
    const { setNodeMemoryParameters } = await host();
    const types = { shm_pages_to_scan: 'uint', shm_sleep_millisecs: 'uint', shm_merge_across_nodes: 'uint' } as const;
    await setNodeMemoryParameters(connection, valuesOf(given, types));
  }),
  289: call(struct({ room: int, flags: uint }), struct({ parameters: parameters(64), count: int }), async (connection, { room, flags }) => {
    onlyFlags(flags, STRINGS_OKAY, 'virHostMemGetParameters');
    const { nodeMemoryParameters } = await host();
    const all = nodeMemoryParameters(connection).map(
      ({ name, value }): TypedParameter => ({
        field: name,
        value: KSM_SETTINGS.has(name) ? { kind: 'uint', value: Number(value) } : { kind: 'ullong', value: BigInt(value) },
      }),
    );
    return { parameters: room === 0 ? [] : all.slice(0, room), count: all.length };
  }),
  293: call(
    struct({ wantsMap: int, wantsOnline: int, flags: uint }),
    struct({ map: bytes(CPU_MAP_MAX), online: uint, present: int }),
    async (connection, { wantsMap, wantsOnline, flags }) => {
      onlyFlags(flags, 0, 'virHostCPUGetMap');
      const { nodeCpuMap } = await host();
      const { map, online, present } = nodeCpuMap(connection);
      const bits = new Uint8Array(Math.ceil(map.length / 8));
      for (let cpu = 0; cpu < map.length; cpu++) if (map[cpu] === 'y') bits[cpu >> 3]! |= 1 << (cpu & 7);
      return { map: wantsMap ? bits : new Uint8Array(), online: wantsOnline ? online : 0, present };
    },
  ),
  340: call(
    struct({ sizes: array(uint, CELLS_MAX), start: int, cells: uint, flags: uint }),
    struct({ counts: array(uhyper, CELLS_MAX) }),
    async (connection, { sizes, start, cells, flags }) => {
      onlyFlags(flags, 0, 'virHostMemGetFreePages');
      const { freePages } = await host();
      if (Math.max(sizes.length, 1) * cells > CELLS_MAX) throw libvirtError('INTERNAL_ERROR', 'the result would be too large');
      const counts: bigint[] = [];
      for (let cell = start; cell < start + cells; cell++)
        for (const size of sizes) counts.push(BigInt(freePages(connection, cell, size).free));
      return { counts };
    },
  ),
  342: call(
    struct({ emulator: optional(string), arch: optional(string), machine: optional(string), virttype: optional(string), flags: uint }),
    struct({ xml: string }),
    async (connection, { flags, ...request }) => {
      onlyFlags(flags, 0, 'lxcConnectGetDomainCapabilities');
      const { domainCapabilitiesXml } = await import('../../driver/node/domain-capabilities.ts');
      return { xml: domainCapabilitiesXml(connection, request) };
    },
  ),
  347: call(
    struct({ sizes: array(uint, CELLS_MAX), counts: array(uhyper, CELLS_MAX), start: int, cells: uint, flags: uint }),
    struct({ allocated: int }),
    async (connection, { sizes, counts, start, cells, flags }) => {
      onlyFlags(flags, SET_PAGES, 'virHostMemAllocPages');
      const { allocateHostPages } = await host();
      const add = (flags & SET_PAGES) === 0;
      let allocated = 0;
      for (const cell of start === -1 ? [undefined] : Array.from({ length: Math.min(cells, CELLS_MAX) }, (_, i) => start + i))
        for (const [i, sizeKiB] of sizes.entries()) {
          await allocateHostPages(connection, { sizeKiB, count: Number(counts[i] ?? 0n), add, ...(cell !== undefined && { cells: cell }) });
          allocated++;
        }
      return { allocated };
    },
  ),
};

/** Which of them are settings: the rest is what came of them. */
const KSM_SETTINGS: ReadonlySet<string> = new Set(['shm_pages_to_scan', 'shm_sleep_millisecs', 'shm_merge_across_nodes']);

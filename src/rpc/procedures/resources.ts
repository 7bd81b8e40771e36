// What a domain may use: memory, processors, block devices, rates of its interfaces.

import { MEMORY_UNLIMITED_KIB } from '../../domain/definition.ts';
import type { Connection } from '../../driver/connection.ts';
import { DEVICE_PARAMETERS } from '../../driver/domain/block.ts';
import type { MemoryLimitChanges } from '../../driver/domain/memory.ts';
import { requireBeyondLibvirt } from '../../driver/functions.ts';
import { affectOf, LIVE, STRINGS_OKAY } from '../flags.ts';
import { inRoom, intParameter, llongParameter, stringParameter, uintParameter, ullongParameter, valuesOf } from '../parameters.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain, parameters, type WireDomain } from '../types.ts';
import { int, nothing, string, struct, uhyper, uint } from '../xdr.ts';
import { bandwidthIn } from './bandwidth.ts';
import { domainOf } from './domain-of.ts';

const memory = () => import('../../driver/domain/memory.ts');
const scheduler = () => import('../../driver/domain/scheduler.ts');
const block = () => import('../../driver/domain/block.ts');
const numa = () => import('../../driver/domain/numa.ts');

/** As many parameters of one kind as there may be. */
const MOST = 16;
const ofParameters = struct({ domain, parameters: parameters(MOST), flags: uint });
const askForParameters = struct({ domain, room: int, flags: uint });
const givenParameters = struct({ parameters: parameters(MOST), count: int });

/** virDomainMemoryModFlags. */
const MAXIMUM = 4;

async function setMemory(connection: Connection, asked: WireDomain, kib: bigint, flags: number): Promise<void> {
  const affect = affectOf(flags, 'lxcDomainSetMemoryFlags', MAXIMUM);
  const driver = await memory();
  await driver.setMemory(connection, domainOf(asked), Number(kib), { ...affect, maximum: (flags & MAXIMUM) !== 0 });
}

const MEMORY_LIMITS = { hard_limit: 'ullong', soft_limit: 'ullong', swap_hard_limit: 'ullong' } as const;
const SCHEDULER = { cpu_shares: 'ullong', vcpu_period: 'ullong', vcpu_quota: 'llong' } as const;
const BLOCK = { weight: 'uint', ...Object.fromEntries(DEVICE_PARAMETERS.map((name) => [name, 'string' as const])) } as {
  weight: 'uint';
} & Record<(typeof DEVICE_PARAMETERS)[number], 'string'>;
const NUMA = { numa_mode: 'int', numa_nodeset: 'string' } as const;
const NUMA_MODES = ['strict', 'preferred', 'interleave', 'restrictive'] as const;

async function schedulerParameters(connection: Connection, asked: WireDomain, room: number, flags: number) {
  const affect = affectOf(flags, 'lxcDomainGetSchedulerParametersFlags', STRINGS_OKAY);
  const driver = await scheduler();
  const { cpu_shares, vcpu_period, vcpu_quota } = driver.schedulerParameters(connection, domainOf(asked), affect);
  const all = [
    ullongParameter('cpu_shares', cpu_shares),
    ullongParameter('vcpu_period', vcpu_period),
    llongParameter('vcpu_quota', vcpu_quota),
  ];
  return { parameters: all.slice(0, Math.max(0, room)) };
}

type SchedulerChange = { domain: WireDomain; parameters: Parameters<typeof valuesOf>[0]; flags: number };
async function setScheduler(connection: Connection, { domain: asked, parameters: given, flags }: SchedulerChange): Promise<void> {
  const affect = affectOf(flags, 'lxcDomainSetSchedulerParametersFlags');
  const { setSchedulerParameters } = await scheduler();
  await setSchedulerParameters(connection, domainOf(asked), valuesOf(given, SCHEDULER), affect);
}

export const resourceProcedures: Readonly<Record<number, Procedure>> = {
  30: call(struct({ domain, kib: uhyper }), nothing, (connection, { domain: asked, kib }) => setMemory(connection, asked, kib, MAXIMUM)),
  31: call(struct({ domain, kib: uhyper }), nothing, (connection, { domain: asked, kib }) => setMemory(connection, asked, kib, LIVE)),
  204: call(struct({ domain, kib: uhyper, flags: uint }), nothing, (connection, { domain: asked, kib, flags }) =>
    setMemory(connection, asked, kib, flags),
  ),
  197: call(ofParameters, nothing, async (connection, { domain: asked, parameters: given, flags }) => {
    const affect = affectOf(flags, 'lxcDomainSetMemoryParameters');
    const { setMemoryLimits } = await memory();
    const values = valuesOf(given, MEMORY_LIMITS);
    const changes: MemoryLimitChanges = {};
    if (values.hard_limit !== undefined) changes.hardLimitKiB = Number(values.hard_limit);
    if (values.soft_limit !== undefined) changes.softLimitKiB = Number(values.soft_limit);
    if (values.swap_hard_limit !== undefined) changes.swapHardLimitKiB = Number(values.swap_hard_limit);
    await setMemoryLimits(connection, domainOf(asked), changes, affect);
  }),
  198: call(askForParameters, givenParameters, async (connection, { domain: asked, room, flags }) => {
    const affect = affectOf(flags, 'lxcDomainGetMemoryParameters', STRINGS_OKAY);
    const { memoryLimits } = await memory();
    const { hardLimitKiB, softLimitKiB, swapHardLimitKiB } = memoryLimits(connection, domainOf(asked), affect);
    const limit = (name: string, kib = MEMORY_UNLIMITED_KIB) => ullongParameter(name, BigInt(kib));
    const all = [limit('hard_limit', hardLimitKiB), limit('soft_limit', softLimitKiB), limit('swap_hard_limit', swapHardLimitKiB)];
    return inRoom(all, room);
  }),
  205: call(ofParameters, nothing, async (connection, { domain: asked, parameters: given, flags }) => {
    const affect = affectOf(flags, 'lxcDomainSetBlkioParameters');
    const { setBlockTuning } = await block();
    const { weight, ...limits } = valuesOf(given, BLOCK);
    await setBlockTuning(connection, domainOf(asked), { weight, devices: limits }, affect);
  }),
  206: call(askForParameters, givenParameters, async (connection, { domain: asked, room, flags }) => {
    const affect = affectOf(flags, 'lxcDomainGetBlkioParameters', STRINGS_OKAY);
    const ref = domainOf(asked);
    const texts = flags & STRINGS_OKAY ? DEVICE_PARAMETERS : [];
    // How many there are does not depend on the domain's running.
    if (room === 0 && !(affect.live && affect.config)) return { parameters: [], count: 1 + texts.length };
    const { blockTuning } = await block();
    const { weight, devices } = blockTuning(connection, ref, affect);
    return inRoom([uintParameter('weight', weight), ...texts.map((name) => stringParameter(name, devices[name]))], room);
  }),
  56: call(struct({ domain }), struct({ type: string, count: int }), (_connection, { domain: asked }) => {
    domainOf(asked);
    return { type: 'posix', count: Object.keys(SCHEDULER).length };
  }),
  57: call(struct({ domain, room: int }), struct({ parameters: parameters(MOST) }), (connection, { domain: asked, room }) =>
    schedulerParameters(connection, asked, room, 0),
  ),
  223: call(askForParameters, struct({ parameters: parameters(MOST) }), (connection, { domain: asked, room, flags }) =>
    schedulerParameters(connection, asked, room, flags),
  ),
  58: call(struct({ domain, parameters: parameters(MOST) }), nothing, (connection, asked) =>
    setScheduler(connection, { ...asked, flags: 0 }),
  ),
  219: call(ofParameters, nothing, setScheduler),
  254: call(ofParameters, nothing, async (connection, { domain: asked, parameters: given, flags }) => {
    const affect = affectOf(flags, 'lxcDomainSetNumaParameters');
    const { setNumaParameters } = await numa();
    const { numa_mode: mode, numa_nodeset } = valuesOf(given, NUMA);
    const changes = { ...(mode !== undefined && { numa_mode: NUMA_MODES[mode] }), ...(numa_nodeset !== undefined && { numa_nodeset }) };
    await setNumaParameters(connection, domainOf(asked), changes, affect);
  }),
  255: call(askForParameters, givenParameters, async (connection, { domain: asked, room, flags }) => {
    const affect = affectOf(flags, 'lxcDomainGetNumaParameters', STRINGS_OKAY);
    const { numaParameters } = await numa();
    const { numa_mode: mode, numa_nodeset: nodes } = numaParameters(connection, domainOf(asked), affect);
    return inRoom([intParameter('numa_mode', NUMA_MODES.indexOf(mode)), stringParameter('numa_nodeset', nodes)], room);
  }),
  256: call(
    struct({ domain, device: string, parameters: parameters(MOST), flags: uint }),
    nothing,
    async (connection, { domain: asked, device, parameters: given, flags }) => {
      requireBeyondLibvirt('virDomainSetInterfaceParameters');
      const affect = affectOf(flags, 'lxcDomainSetInterfaceParameters');
      const { setInterfaceTuning } = await import('../../driver/domain/interface-tuning.ts');
      await setInterfaceTuning(connection, domainOf(asked), device, bandwidthIn(given), affect);
    },
  ),
  257: call(
    struct({ domain, device: string, room: int, flags: uint }),
    givenParameters,
    async (connection, { domain: asked, device, room, flags }) => {
      requireBeyondLibvirt('virDomainGetInterfaceParameters');
      const affect = affectOf(flags, 'lxcDomainGetInterfaceParameters', STRINGS_OKAY);
      const { interfaceTuning } = await import('../../driver/domain/interface-tuning.ts');
      const all = interfaceTuning(connection, domainOf(asked), device, affect).map(([name, value]) => uintParameter(name, value));
      return inRoom(all, room);
    },
  ),
};

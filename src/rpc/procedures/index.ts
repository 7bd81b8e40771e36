// All procedures, by libvirt's numbers.

import { keepalive } from '../keepalive.ts';
import type { Procedure, Program } from '../procedure.ts';
import { apiName } from './api-names.ts';
import { connectProcedures } from './connect.ts';
import { descriptorProcedures, lxcProgram } from './descriptors.ts';
import { documentProcedures } from './documents.ts';
import { domainInfoProcedures } from './domain-info.ts';
import { eventProcedures } from './events.ts';
import { guestProcedures } from './guest.ts';
import { hostProcedures } from './host.ts';
import { interfaceProcedures, nodeDeviceProcedures } from './host-devices.ts';
import { lifecycleProcedures } from './lifecycle.ts';
import { lookupProcedures } from './lookup.ts';
import { networkProcedures } from './networks.ts';
import { otherDriversProcedures } from './other-drivers.ts';
import { processorProcedures } from './processors.ts';
import { REMOTE } from './remote.ts';
import { resourceProcedures } from './resources.ts';
import { statisticsProcedures } from './statistics.ts';
import { storageProcedures } from './storage.ts';
import { volumeStreamProcedures } from './volume-streams.ts';

const QEMU = 0x20008087;

/** Functions for another hypervisor, which every client has. */
const QEMU_NAMES: Readonly<Record<number, string>> = {
  1: 'virDomainQemuMonitorCommand',
  2: 'virDomainQemuAttach',
  3: 'virDomainQemuAgentCommand',
  4: 'virConnectDomainQemuMonitorEventRegister',
  5: 'virConnectDomainQemuMonitorEventDeregister',
  7: 'virDomainQemuMonitorCommandWithFiles',
};

const table = (...groups: readonly Readonly<Record<number, Procedure>>[]): ReadonlyMap<number, Procedure> =>
  new Map(groups.flatMap((group) => Object.entries(group).map(([number, procedure]) => [Number(number), procedure] as const)));

export const programs: readonly Program[] = [
  {
    number: REMOTE,
    version: 1,
    procedures: table(
      connectProcedures,
      hostProcedures,
      lookupProcedures,
      domainInfoProcedures,
      lifecycleProcedures,
      documentProcedures,
      resourceProcedures,
      processorProcedures,
      statisticsProcedures,
      guestProcedures,
      networkProcedures,
      storageProcedures,
      volumeStreamProcedures,
      nodeDeviceProcedures,
      interfaceProcedures,
      otherDriversProcedures,
      eventProcedures,
      descriptorProcedures,
    ),
    apiName,
  },
  lxcProgram,
  keepalive,
  { number: QEMU, version: 1, procedures: new Map(), apiName: (procedure) => QEMU_NAMES[procedure] },
];

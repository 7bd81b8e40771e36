// All procedures, by libvirt's numbers.

import { keepalive } from '../keepalive.ts';
import type { Program } from '../procedure.ts';
import { connectProcedures } from './connect.ts';
import { domainInfoProcedures } from './domain-info.ts';
import { lastsWithConnection, longProcedures } from './long.ts';
import { lookupProcedures } from './lookup.ts';
import { REMOTE } from './remote.ts';
import { tableOf } from './table.ts';

const LXC = 0x00068000;
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

/** Half of what a connection costs is what it loads: those that only ask who is there load no more than this. */
const remote: Program = {
  number: REMOTE,
  version: 1,
  procedures: tableOf(connectProcedures, lookupProcedures, domainInfoProcedures),
  rest: async () => (await import('./rest.ts')).rest,
  long: longProcedures,
  lasts: lastsWithConnection,
};

export const programs: readonly Program[] = [
  remote,
  {
    number: LXC,
    version: 1,
    procedures: new Map(),
    rest: async () => ({
      procedure: async (number) => (await import('./descriptors.ts')).lxcProcedures[number],
      apiName: async () => undefined,
    }),
  },
  keepalive,
  {
    number: QEMU,
    version: 1,
    procedures: new Map(),
    rest: async () => ({ procedure: async () => undefined, apiName: async (number) => QEMU_NAMES[number] }),
  },
];

import { describe, expect, it } from 'vitest';
import { cloneFlags, hasNetworkNamespace, hasUserNamespace } from '../../../../src/container/plan/namespaces.ts';
import type { DomainDefinition, HostDevice, InterfaceDevice } from '../../../../src/domain/definition.ts';
import { LibvirtError } from '../../../../src/errors.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

const MNT = 0x00020000;
const UTS = 0x04000000;
const IPC = 0x08000000;
const USER = 0x10000000;
const PID = 0x20000000;
const NET = 0x40000000;

const RANGE = { start: 0, target: 1000, count: 10 };
const NIC: InterfaceDevice = {
  type: 'bridge', options: [], mac: '52:54:00:00:00:01', macOptions: [], hostIps: [], hostRoutes: [], ips: [], routes: [], others: [],
}; // biome-ignore format: a table
const hostdev = (type: string): HostDevice => ({
  mode: 'capabilities',
  type,
  options: [],
  ips: [],
  routes: [],
  readonly: false,
  shareable: false,
  others: [],
});

const changes: [what: string, change: (definition: DomainDefinition) => void, flags: number][] = [
  ['the smallest container', () => {}, PID | MNT | IPC | UTS],
  [
    'mapped ids',
    ({ idmap }) => {
      idmap.uid = [RANGE];
      idmap.gid = [RANGE];
    },
    PID | MNT | IPC | UTS | USER,
  ],
  [
    'uids mapped alone',
    ({ idmap }) => {
      idmap.uid = [RANGE];
    },
    PID | MNT | IPC | UTS,
  ],
  [
    'privnet',
    ({ features }) => {
      features.privnet = true;
    },
    PID | MNT | IPC | UTS | NET,
  ],
  ['an interface', ({ devices }) => void devices.interfaces.push(NIC), PID | MNT | IPC | UTS | NET],
  ["a host's interface", ({ devices }) => void devices.hostdevs.push(hostdev('net')), PID | MNT | IPC | UTS | NET],
  ['another host device', ({ devices }) => void devices.hostdevs.push(hostdev('misc')), PID | MNT | IPC | UTS],
  [
    'shared ipc',
    ({ sharedNamespaces }) => {
      sharedNamespaces.ipc = { type: 'pid', value: '1' };
    },
    PID | MNT | UTS,
  ],
  [
    'shared uts',
    ({ sharedNamespaces }) => {
      sharedNamespaces.uts = { type: 'name', value: 'vm2' };
    },
    PID | MNT | IPC,
  ],
];

describe('cloneFlags()', () => {
  it.each(changes)('for %s', (_, change, flags) => {
    expect(cloneFlags(minimalDefinition(change)).toString(16)).toBe(flags.toString(16));
  });
});

describe('hasUserNamespace()', () => {
  it('wants both maps', () => {
    const map = (uid: boolean, gid: boolean) =>
      hasUserNamespace(
        minimalDefinition(({ idmap }) => {
          idmap.uid = uid ? [RANGE] : [];
          idmap.gid = gid ? [RANGE] : [];
        }),
      );
    expect([map(false, false), map(true, false), map(false, true), map(true, true)]).toEqual([false, false, false, true]);
  });
});

describe('hasNetworkNamespace()', () => {
  it.each([
    ['an interface', 'interface'] as const,
    ["a host's interface", 'hostdev'] as const,
    ['a network of its own', 'privnet'] as const,
  ])('refuses to share a network with %s', (_, kind) => {
    const definition = minimalDefinition(({ sharedNamespaces, devices, features }) => {
      sharedNamespaces.net = { type: 'name', value: 'vm2' };
      if (kind === 'privnet') features.privnet = true;
      else if (kind === 'interface') devices.interfaces.push(NIC);
      else devices.hostdevs.push(hostdev('net'));
    });
    expect(() => hasNetworkNamespace(definition)).toThrow(
      new LibvirtError(
        'CONFIG_UNSUPPORTED',
        'unsupported configuration: Config asks for inherit net namespace as well as private network interfaces',
      ),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { liveDefinition, rootOf, withIds, withoutIds } from '../../../src/container/live-definition.ts';
import type { DomainDefinition } from '../../../src/domain/definition.ts';
import { LibvirtError } from '../../../src/errors.ts';
import { filesystem, minimalDefinition, ptyConsole } from '../../helpers/definition.ts';

const hostdev = (mode: 'capabilities' | 'subsystem', type: string) => (definition: DomainDefinition) => {
  definition.devices.hostdevs.push({ mode, type, options: [], ips: [], routes: [], readonly: false, shareable: false, others: [] });
};

const MAPPED: DomainDefinition['idmap'] = { uid: [{ start: 0, target: 1000, count: 10 }], gid: [{ start: 0, target: 1000, count: 10 }] };

describe('liveDefinition()', () => {
  it('adds a partition, a root where there is none, and aliases; the original stays as it is', () => {
    const definition = minimalDefinition(({ devices }) => {
      devices.filesystems = [filesystem({ target: '/data' })];
      devices.consoles = [ptyConsole(), ptyConsole({ port: 1, alias: 'ua-mine' })];
    });
    const before = structuredClone(definition);
    const expected = structuredClone(definition);
    expected.partition = '/machine';
    expected.devices.filesystems.unshift({ type: 'mount', source: '/', target: '/', readonly: false });
    expected.devices.consoles[0]!.alias = 'console0';
    expected.devices.consoles[1]!.alias = 'console1';
    expect(liveDefinition(definition)).toEqual(expected);
    expect(definition).toEqual(before);
  });

  it('keeps a partition and a root that are there', () => {
    const definition = minimalDefinition((changed) => {
      changed.partition = '/machine/own';
    });
    const live = liveDefinition(definition);
    expect([live.partition, live.devices.filesystems]).toEqual(['/machine/own', definition.devices.filesystems]);
  });

  it.each<[string, (definition: DomainDefinition) => void, string]>([
    [
      'without a console',
      ({ devices }) => {
        devices.consoles = [];
      },
      'At least one PTY console is required',
    ],
    [
      'with a console of another kind',
      ({ devices }) => {
        devices.consoles.push(ptyConsole({ type: 'file' }));
      },
      'Only PTY console types are supported',
    ],
    ['with a PCI device', hostdev('subsystem', 'pci'), 'Unsupported hostdev type pci'],
    ['with a capability device of no known kind', hostdev('capabilities', 'fax'), 'Unsupported hostdev type fax'],
    [
      'with mapped ids and a namespace from elsewhere',
      (changed) => {
        changed.idmap = MAPPED;
        changed.sharedNamespaces = { ipc: { type: 'name', value: 'vm2' } };
      },
      'Config asks for inherit ipc namespace as well as idmap',
    ],
  ])('refuses a domain %s', (_, change, message) => {
    expect(() => liveDefinition(minimalDefinition(change))).toThrow(
      new LibvirtError('CONFIG_UNSUPPORTED', `unsupported configuration: ${message}`),
    );
  });

  it.each<[string, (definition: DomainDefinition) => void]>([
    ['a USB device', hostdev('subsystem', 'usb')],
    ['storage', hostdev('capabilities', 'storage')],
    ['a device of the host', hostdev('capabilities', 'misc')],
    ['an interface of the host', hostdev('capabilities', 'net')],
    ['no security model', ({ seclabels }) => void seclabels.push({ type: 'none', model: 'none' })],
    ['a security label of no model', ({ seclabels }) => void seclabels.push({ type: 'none' })],
    ['mapped ids', (changed) => void Object.assign(changed, { idmap: MAPPED })],
    ['a namespace from elsewhere', (changed) => void Object.assign(changed, { sharedNamespaces: { net: { type: 'pid', value: '1' } } })],
  ])('takes %s', (_, change) => {
    expect(liveDefinition(minimalDefinition(change)).partition).toBe('/machine');
  });
});

describe('withIds()', () => {
  const live = liveDefinition(
    minimalDefinition(({ devices }) => {
      devices.filesystems = [
        filesystem({ target: '/' }),
        filesystem({ type: 'ram', target: '/tmp' }),
        filesystem({ type: 'file', target: '/data' }),
      ];
    }),
  );
  const modes = ({ devices }: DomainDefinition) => devices.filesystems.map(({ accessmode }) => accessmode);

  it('maps the owners of what is mounted from the host, and not of what is made for the container', () => {
    const automatic = withIds(live, MAPPED);
    expect(automatic.idmap).toEqual(MAPPED);
    expect(modes(automatic)).toEqual(['mapped', 'passthrough', 'mapped']);
    expect(modes(live)).toEqual(['passthrough', 'passthrough', 'passthrough']);
  });

  it('is taken back by withoutIds()', () => {
    expect(withoutIds(withIds(live, MAPPED))).toEqual(live);
  });
});

describe('rootOf()', () => {
  it('is the file system at /', () => {
    const root = filesystem({ source: '/srv/vm1', target: '/' });
    const definition = minimalDefinition(({ devices }) => {
      devices.filesystems = [filesystem({ target: '/data' }), root];
    });
    expect(rootOf(definition)).toBe(definition.devices.filesystems[1]);
  });
});

// Definitions for tests: the smallest container, changed as a test wants it.
import type { CharDevice, DomainDefinition, FilesystemDevice } from '../../src/domain/definition.ts';

export const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';

export const ptyConsole = (fields: Partial<CharDevice> = {}): CharDevice => ({ type: 'pty', port: 0, others: [], ...fields });

export const filesystem = (fields: Partial<FilesystemDevice>): FilesystemDevice => ({
  type: 'mount',
  accessmode: 'passthrough',
  source: '/srv/source',
  target: '/target',
  readonly: false,
  ...fields,
});

/** `vm1` with a root of its own in /srv/vm1, one console, 64 MiB; `change` may alter it. */
export function minimalDefinition(change: (definition: DomainDefinition) => void = () => {}): DomainDefinition {
  const definition: DomainDefinition = {
    id: null,
    name: 'vm1',
    uuid: UUID,
    metadata: [],
    memoryKiB: 65536,
    currentMemoryKiB: 65536,
    blkiotune: { devices: [] },
    memtune: {},
    vcpu: { count: 1, placement: 'static' },
    cputune: { others: [] },
    numaNodes: [],
    sysinfo: [],
    os: { arch: 'x86_64', init: '/sbin/init', initargs: [], initenv: [] },
    idmap: { uid: [], gid: [] },
    features: { privnet: false, capabilities: { policy: 'default', states: [] }, others: [] },
    clock: { offset: 'utc', attributes: [], timers: [] },
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'destroy',
    devices: {
      emulator: '/usr/libexec/libvirt_lxc',
      disks: [],
      controllers: [],
      leases: [],
      filesystems: [filesystem({ source: '/srv/vm1', target: '/' })],
      interfaces: [],
      serials: [],
      parallels: [],
      consoles: [ptyConsole()],
      channels: [],
      hostdevs: [],
      others: [],
    },
    seclabels: [],
    trailing: [],
    sharedNamespaces: {},
  };
  change(definition);
  return definition;
}

import { describe, expect, it } from 'vitest';
import { hostName, initArgv, initEnvironment } from '../../../../src/container/plan/environment.ts';
import { minimalDefinition, ptyConsole, UUID } from '../../../helpers/definition.ts';

describe('initEnvironment()', () => {
  it('gives the documented variables in order', () => {
    expect(initEnvironment(minimalDefinition())).toEqual([
      'PATH=/bin:/usr/bin',
      'TERM=linux',
      'container=libvirt-lxc',
      'HOME=/',
      `container_uuid=${UUID}`,
      `LIBVIRT_LXC_UUID=${UUID}`,
      'LIBVIRT_LXC_NAME=vm1',
    ]);
  });

  it("takes the host's word for container, and the domain's before that", () => {
    const container = (definition = minimalDefinition()) =>
      initEnvironment(definition, { containerVariable: 'lxc-libvirt' }).filter((text) => text.startsWith('container='));
    expect(container()).toEqual(['container=lxc-libvirt']);
    const own = minimalDefinition(({ os }) => {
      os.initenv = [{ name: 'container', value: 'other' }];
    });
    expect(container(own)).toEqual(['container=other']);
  });

  it('tells an init under SELinux that the policy is loaded', () => {
    const inits = (label: string | undefined, model = 'selinux') => {
      const definition = minimalDefinition();
      definition.seclabels = [{ type: 'dynamic', model, ...(label === undefined ? {} : { label }) }];
      return initEnvironment(definition).filter((text) => text.startsWith('SELINUX'));
    };
    expect(inits('system_u:system_r:container_init_t:s0:c1,c2')).toEqual(['SELINUX_INIT=YES']);
    expect([...inits(undefined), ...inits('libvirt-x', 'apparmor')]).toEqual([]);
  });

  it('lists the consoles after the first, and the command line', () => {
    const definition = minimalDefinition(({ devices, os }) => {
      devices.consoles = [ptyConsole(), ptyConsole({ port: 1 }), ptyConsole({ port: 2 })];
      os.cmdline = 'quiet splash';
    });
    expect(initEnvironment(definition).slice(5)).toEqual([
      'container_ttys=pts/1 pts/2',
      `LIBVIRT_LXC_UUID=${UUID}`,
      'LIBVIRT_LXC_NAME=vm1',
      'LIBVIRT_LXC_CMDLINE=quiet splash',
    ]);
  });

  it('lets <initenv> replace a value in place and add others at the end, the last one of a name winning', () => {
    const definition = minimalDefinition(({ os }) => {
      os.initenv = [
        { name: 'TERM', value: 'xterm' },
        { name: 'EMPTY', value: '' },
        { name: 'A', value: '1' },
        { name: 'A', value: '2=2' },
      ];
    });
    expect(initEnvironment(definition)).toEqual([
      'PATH=/bin:/usr/bin',
      'TERM=xterm',
      'container=libvirt-lxc',
      'HOME=/',
      `container_uuid=${UUID}`,
      `LIBVIRT_LXC_UUID=${UUID}`,
      'LIBVIRT_LXC_NAME=vm1',
      'EMPTY=',
      'A=2=2',
    ]);
  });
});

describe('initArgv()', () => {
  it('is the path and the arguments as they are', () => {
    const definition = minimalDefinition(({ os }) => {
      os.init = '/bin/sh';
      os.initargs = ['-c', 'echo  "two words"', ''];
    });
    expect(initArgv(definition)).toEqual(['/bin/sh', '-c', 'echo  "two words"', '']);
  });
});

describe('hostName()', () => {
  it.each([
    ['vm1', 'vm1'],
    ['My-Box', 'My-Box'],
    ['web_1.example', 'web1example'],
    ['ä b/c', 'bc'],
    ['-vm', 'vm'],
    ['x'.repeat(70), 'x'.repeat(64)],
    ['äöü', ''],
  ])('makes of %j %j', (name, expected) => {
    expect(hostName(name)).toBe(expected);
  });
});

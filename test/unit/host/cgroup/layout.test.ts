import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../../src/errors.ts';
import { cgroupLayout, systemdMount } from '../../../../src/host/cgroup/layout.ts';

const v1 = (...options: string[]): string => options.map((option) => `cgroup /cg/${option} cgroup rw,relatime,${option} 0 0\n`).join('');
const unified = (point: string): string => `cgroup2 ${point} cgroup2 rw,nosuid 0 0\n`;
const none = (): string => {
  throw new Error('not asked for');
};
const failure = (text: string, controllers = ''): string => {
  try {
    cgroupLayout(text, () => controllers);
  } catch (error) {
    if (error instanceof LibvirtError) return error.message;
  }
  return 'no failure';
};

describe('cgroupLayout()', () => {
  it('finds v1 hierarchies, co-mounted controllers in the same place, and passes over what is not ours', () => {
    const text = `proc /proc proc rw 0 0\ntmpfs /cg tmpfs rw 0 0\n${v1('cpu,cpuacct', 'memory', 'devices', 'pids', 'name=systemd', 'name=other')}`;
    expect(cgroupLayout(text, none)).toEqual({
      version: 1,
      mounts: new Map([
        ['cpu', '/cg/cpu,cpuacct'],
        ['cpuacct', '/cg/cpu,cpuacct'],
        ['memory', '/cg/memory'],
        ['devices', '/cg/devices'],
        ['pids', '/cg/pids'],
        ['systemd', '/cg/name=systemd'],
      ]),
    });
  });

  it('takes the first mount of a hierarchy', () => {
    const text = `${v1('cpuacct', 'memory', 'devices')}cgroup /elsewhere cgroup rw,memory 0 0\n`;
    const layout = cgroupLayout(text, none);
    expect(layout.version === 1 && layout.mounts.get('memory')).toBe('/cg/memory');
  });

  it('prefers v1 on a hybrid host', () => {
    const layout = cgroupLayout(`${unified('/cg/unified')}${v1('cpuacct', 'memory', 'devices')}`, none);
    expect(layout).toEqual({ version: 1, mounts: expect.any(Map), unified: '/cg/unified' });
  });

  it('takes the unified hierarchy with its controllers', () => {
    const asked: string[] = [];
    const layout = cgroupLayout(`${unified('/sys/fs/cgroup')}${unified('/second')}`, (root) => {
      asked.push(root);
      return 'cpuset cpu io memory pids\n';
    });
    expect(layout).toEqual({ version: 2, root: '/sys/fs/cgroup', controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'] });
    expect(asked).toEqual(['/sys/fs/cgroup']);
  });

  it('takes the unified hierarchy beside a v1 mount that only names systemd', () => {
    expect(cgroupLayout(`${v1('name=systemd')}${unified('/u')}`, () => 'memory')).toEqual({
      version: 2,
      root: '/u',
      controllers: ['memory'],
    });
  });

  it("knows systemd's hierarchy by that it limits nothing", () => {
    const systemd = (...more: string[]) => {
      const layout = cgroupLayout(v1('cpuacct', 'memory', 'devices', ...more), none);
      return layout.version === 1 && systemdMount(layout);
    };
    expect(systemd('xattr,name=systemd')).toBe('/cg/xattr,name=systemd');
    expect(systemd('pids,name=systemd')).toBe(undefined);
    expect(systemd()).toBe(undefined);
  });

  it('names what is missing', () => {
    expect(failure('')).toBe('internal error: no cgroup backend available');
    expect(failure(v1('cpu'))).toBe("internal error: Unable to find 'cpuacct' cgroups controller mount");
    expect(failure(v1('cpuacct', 'memory'))).toBe("internal error: Unable to find 'devices' cgroups controller mount");
    expect(failure(v1('cpuacct', 'devices'))).toBe("internal error: Unable to find 'memory' cgroups controller mount");
    expect(failure(unified('/u'), 'cpu io')).toBe("internal error: Unable to find 'memory' cgroups controller mount");
  });
});

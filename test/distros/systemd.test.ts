// What systemd makes inside of its container: scopes, limits, services in sandboxes.
import { describe, expect, it } from 'vitest';
import { Distribution, SYSTEMD, useDistributions } from '../helpers/distribution.ts';
import { requires, suite } from '../helpers/requires.ts';

/** v1 has no delegation: a container sees its controllers' groups and may not write there. */
const canLimit = requires('cgroup2') === undefined;
const MIB = 1024 * 1024;

suite('systemd in a container', ['root', 'built', 'distros'], () => {
  const virsh = useDistributions();

  describe.each(SYSTEMD)('%s', (distribution) => {
    let made: Distribution | undefined;
    const up = async () => {
      made ??= new Distribution(virsh, distribution);
      await made.up();
      return made;
    };

    it('makes scopes', async () => {
      const group = (await up()).inside('systemd-run --quiet --scope --unit=ours cat /proc/self/cgroup');
      expect(group).toMatch(/:\/system\.slice\/ours\.scope$/m);
    });

    it.runIf(canLimit)('limits scopes', async () => {
      const read = 'cat /sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup)/memory.max';
      expect((await up()).inside(`systemd-run --quiet --scope -p MemoryMax=64M sh -c '${read}'`)).toBe(`${64 * MIB}\n`);
    });

    it.runIf(canLimit)('ends a service that takes too much memory', async () => {
      const domain = await up();
      const hungry = 'x=0123456789; while :; do x=$$x$$x; done';
      domain.inside(`systemd-run --quiet --wait --unit=hungry -p MemoryMax=32M -p MemorySwapMax=0 sh -c '${hungry}'`);
      expect(domain.inside('systemctl show -p Result hungry; systemctl reset-failed hungry')).toBe('Result=oom-kill\n');
      expect(domain.inside('systemctl is-system-running')).toBe('running\n');
    });

    it('runs a service in a sandbox', async () => {
      const sandbox = '-p PrivateTmp=yes -p ProtectSystem=strict -p PrivateDevices=yes -p ProtectKernelTunables=yes -p NoNewPrivileges=yes';
      const domain = await up();
      expect(domain.inside(`systemd-run --quiet --pipe --wait ${sandbox} sh -c 'touch /usr/mine 2>/dev/null || echo strict'`)).toBe(
        'strict\n',
      );
    });

    it('knows that it is in a container', async () => {
      expect((await up()).inside('systemd-detect-virt --container')).toMatch(/^(container-other|lxc-libvirt)$/m);
    });
  });
});

// What init systems make of shutdown and reboot. Only in a root of their own.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('shutdown and reboot', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  function bootBusyboxInit(): string {
    const root = makeRoot(fs.mkdtempSync(virsh.path('init-')));
    fs.mkdirSync(path.join(root, 'etc'), { recursive: true });
    fs.writeFileSync(path.join(root, 'etc/inittab'), '::sysinit:/bin/touch /up\n::respawn:/bin/sleep 1000\n');
    fs.mkdirSync(path.join(root, 'sbin'), { recursive: true });
    fs.rmSync(path.join(root, 'sbin/init'), { force: true });
    fs.symlinkSync('../bin/busybox', path.join(root, 'sbin/init'));
    const name = virsh.boot({ root, init: ['/sbin/init'], more: '<features><privnet/></features>' });
    return name;
  }

  it("shuts busybox's init down, and waits for that with --wait", async () => {
    const name = bootBusyboxInit();
    await eventually(() => expect(virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/ls', '/up')).toBe('/up\n'));
    virsh.ok('shutdown', name, '--wait', String(20 * SLOWNESS));
    expect(virsh.state(name)).toBe('shut off (shutdown)');
  });

  it('says with --wait that the domain still runs', () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 1; done"] });
    expect(virsh.error('shutdown', name, '--wait', '1')).toEqual([
      `Failed to shutdown domain '${name}'`,
      'Timed out during operation: domain is still running after 1 s',
    ]);
  });

  it('notes in the log that init does not listen to its signal', () => {
    const name = virsh.boot();
    virsh.ok('shutdown', name);
    const log = fs.readFileSync(virsh.path('var/log/libvirt/lxc', `${name}.log`), 'utf8');
    expect(log).toMatch(/: warning: init does not listen to SIGTERM: it will not shut down\n/);
  });
});

// Containers and networks outlive the program that started them: the next release finds them, even if it is somewhere else.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { useNetworks } from '../helpers/networks.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';

const FILES = ['virsh-lxc', 'virsh-lxc.bin', 'virsh-lxc-leases', 'libvirt_lxc', 'koffi.node'];

/** A release of its own: a copy of what was built. Gives the folder. */
function install(virsh: Virsh, name: string): string {
  const folder = virsh.path(name);
  fs.mkdirSync(folder);
  for (const file of FILES) fs.copyFileSync(path.join(ROOT, 'dist', file), path.join(folder, file), fs.constants.COPYFILE_FICLONE);
  return folder;
}

const remove = (folder: string): void => fs.rmSync(folder, { recursive: true });

/** Reboots when it is asked to, or finds a file that says so, and ends at another one. */
const OBEDIENT = [
  ...['/bin/sh', '-c'],
  "trap 'exec reboot -f' HUP; touch /dev/ready; while :; do [ -e /dev/reboot ] && exec reboot -f; [ -e /dev/end ] && exit; sleep 0.01; done",
];

suite('containers of an older release', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /** Runs `action` with a release that is gone afterwards, and goes on with the next one. */
  async function upgraded(action: () => Promise<void>): Promise<void> {
    const { command } = virsh;
    const [old, next] = [install(virsh, 'old'), install(virsh, 'next')];
    try {
      virsh.command = path.join(old, 'virsh-lxc');
      const name = virsh.define({ init: OBEDIENT });
      virsh.ok('start', name);
      await isReady(name);
      remove(old);
      virsh.command = path.join(next, 'virsh-lxc');
      await action();
    } finally {
      virsh.command = command;
      await virsh.reset();
      for (const folder of [old, next]) fs.rmSync(folder, { recursive: true, force: true });
    }
  }
  const isReady = (name: string) => eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
  const running = (): string => virsh.ok('list', '--name').trim();
  const restarted = (name: string, before: number) =>
    eventually(() => {
      expect(virsh.state(name)).toBe('running (booted)');
      expect(virsh.controllerPid(name)).not.toBe(before);
      return true;
    });

  it('are listed, entered and ended by the next one', () =>
    upgraded(async () => {
      const name = running();
      expect(virsh.ok('list')).toMatch(new RegExp(` ${virsh.controllerPid(name)} +${name} +running`));
      expect(virsh.inside(name, 'cat /proc/1/comm')).toBe('sh\n');
      expect(virsh.ok('destroy', name)).toBe(`Domain '${name}' destroyed\n\n`);
      expect(virsh.state(name)).toBe('shut off (destroyed)');
    }));

  it.each([
    ['reboot from inside', (name: string) => virsh.inside(name, 'touch /dev/reboot')],
    ['are rebooted by it', (name: string) => virsh.ok('reboot', name)],
  ])('%s', (_, reboot) =>
    upgraded(async () => {
      const name = running();
      const first = virsh.controllerPid(name);
      reboot(name);
      await restarted(name, first);
      await isReady(name);
      const second = virsh.controllerPid(name);
      expect(fs.readFileSync(`/proc/${second}/cmdline`, 'utf8')).toContain(path.join(virsh.prefix, 'next/virsh-lxc'));
      reboot(name);
      await restarted(name, second);
    }),
  );

  it('tell it why they ended', () =>
    upgraded(async () => {
      const name = running();
      virsh.inside(name, 'touch /dev/end');
      await virsh.waitForState(name, 'shut off (shutdown)');
    }));

  it('that ended while no program was there are cleared up by it', async () => {
    const { command } = virsh;
    const old = install(virsh, 'old');
    virsh.command = path.join(old, 'virsh-lxc');
    const name = virsh.boot();
    const controller = virsh.controllerPid(name);
    const init = virsh.initPid(name);
    virsh.command = command;
    remove(old);
    process.kill(init, 'SIGKILL');
    await eventually(() => !fs.existsSync(`/proc/${controller}`));
    expect(virsh.state(name)).toBe('shut off (unknown)');
    expect(virsh.log(name)).toContain(`libvirt_lxc: ${old}/virsh-lxc: No such file or directory`);
    expect(virsh.ok('start', name)).toBe(`Domain '${name}' started\n\n`);
  });
});

suite('networks of an older release', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  it('go on noting their leases when the next one has to do with them', () => {
    const { command } = virsh;
    const old = install(virsh, 'old');
    virsh.command = virsh.file('old-on-host', `#!/bin/sh\nexec nsenter -t ${networks.host.pid} -n -m -- '${old}/virsh-lxc' "$@"\n`, 0o755);
    const range = "<dhcp><range start='10.77.8.2' end='10.77.8.9'/></dhcp>";
    networks.start('kept', `<ip address='10.77.8.1' prefix='24'>${range}</ip>`);
    virsh.command = command;
    remove(old);
    const domain = networks.container('kept');
    expect(virsh.inside(domain, 'udhcpc -n -q -t 10 -T 1 -i eth0 -s /bin/true 2>&1')).toContain('lease of 10.77.8.');
    expect(virsh.ok('net-dhcp-leases', 'kept')).toMatch(/ipv4 +10\.77\.8\.\d\/24/);
  });
});

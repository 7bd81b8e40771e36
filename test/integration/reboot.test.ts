// reboot: what follows the end of an init that was asked to start again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** An init that says when it is ready to be asked, and does `onHangup` then. */
const asked = (onHangup: string): string[] => [
  ...['/bin/sh', '-c'],
  // Waits by itself, not for a child: so it hears at once.
  `trap '${onHangup}' HUP; mkfifo /dev/never; touch /dev/ready; while :; do read x <>/dev/never; done`,
];

/** In an emulated machine nothing happens within the 50 ms for which the command waits. */
const isQuick = SLOWNESS === 1;

suite('reboot', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  async function boot(onHangup: string, more = ''): Promise<string> {
    const name = virsh.boot({ init: asked(onHangup), more });
    await eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
    return name;
  }
  /** The controller that is there when the command returns, or why there is none. */
  function reboot(name: string): number | string {
    expect(virsh.ok('reboot', name)).toBe(`Domain '${name}' is being rebooted\n\n`);
    const state = virsh.state(name);
    return state === 'running (booted)' ? virsh.controllerPid(name) : state;
  }

  it.runIf(isQuick)('has been done when the command returns, where init ends at once', async () => {
    const name = await boot('exec reboot -f');
    const before = virsh.controllerPid(name);
    const after = reboot(name);
    expect(after).toEqual(expect.any(Number));
    expect(after).not.toBe(before);
    expect(fs.existsSync(`/proc/${before}`) && fs.readFileSync(`/proc/${before}/comm`, 'utf8')).not.toBe('libvirt_lxc\n');
    expect(virsh.log(name).match(/starting up/g)).toHaveLength(2);
  });

  it('is done by the controller where init takes its time', async () => {
    const name = await boot(`sleep ${isQuick ? 0.5 : 20}; exec reboot -f`);
    const before = virsh.controllerPid(name);
    expect(reboot(name)).toBe(before);
    await eventually(() => {
      expect(virsh.state(name)).toBe('running (booted)');
      return virsh.controllerPid(name) !== before;
    }, 10_000);
  });

  it.runIf(isQuick)('obeys on_reboot, and what init really did', async () => {
    expect(reboot(await boot('exec reboot -f', '<on_reboot>destroy</on_reboot>'))).toBe('shut off (shutdown)');
    expect(reboot(await boot('exit 0'))).toBe('shut off (shutdown)');
  });

  it('leaves a transient domain known while it is started again', async () => {
    const name = virsh.name();
    const xml = virsh.xml(name, { init: ['/bin/sleep', '0.3'], more: '<on_poweroff>restart</on_poweroff>' });
    virsh.ok('create', virsh.file('d.xml', xml));
    const ids = new Set([virsh.controllerPid(name)]);
    // Fails at once where there is no such domain.
    for (const deadline = Date.now() + 10_000 * SLOWNESS; ids.size < 3 && Date.now() < deadline; ) ids.add(virsh.controllerPid(name));
    expect(ids.size).toBe(3);
    virsh.ok('destroy', name);
    expect(virsh.error('domid', name)).toEqual([`failed to get domain '${name}'`]);
  });

  it('leaves the container alone whose init takes no notice', async () => {
    const name = await boot(':');
    const before = virsh.controllerPid(name);
    expect(reboot(name)).toBe(before);
    virsh.ok('destroy', name);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it.runIf(isQuick)('says why the container could not be started again', async () => {
    const root = makeRoot(virsh.path('other-root'));
    const name = virsh.boot({ init: asked('exec reboot -f'), root });
    await eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
    fs.renameSync(root, `${root}.gone`);
    expect(virsh.error('reboot', name)).toEqual([
      `Failed to reboot domain '${name}'`,
      expect.stringMatching(new RegExp(`${root}.*No such file or directory`)),
    ]);
    expect(virsh.state(name)).toBe('shut off (failed)');
  });

  it('leaves the rest to the controller while another command has the domain', async () => {
    const name = await boot('exec reboot -f');
    const before = virsh.controllerPid(name);
    const go = virsh.path('go');
    const other = spawn('flock', [
      virsh.path(`run/libvirt/lxc/${name}.lock`),
      'sh',
      '-c',
      `echo locked; until [ -e ${go} ]; do sleep 0.02; done`,
    ]);
    await once(other.stdout, 'data');
    expect(virsh.ok('reboot', name)).toBe(`Domain '${name}' is being rebooted\n\n`);
    expect(other.exitCode).toBeNull();
    fs.writeFileSync(go, '');
    await once(other, 'close');
    await eventually(() => {
      expect(virsh.state(name)).toBe('running (booted)');
      return virsh.controllerPid(name) !== before;
    });
  });
});

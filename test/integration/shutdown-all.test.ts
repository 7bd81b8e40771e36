// The end of every domain, with the host.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const UNIT = 'virsh-lxc-autostart.service';
const SOURCE = path.join(ROOT, 'src/systemd', UNIT);
/** An init that ends when it is asked to, some time later. */
const polite = (seconds: number) => [
  '/bin/sh',
  '-c',
  `trap 'sleep ${seconds}; exit 0' TERM; echo up >/mnt/up; while :; do sleep 0.1; done`,
];
const STUBBORN = ['/bin/sh', '-c', "trap 'echo no' TERM; echo up >/mnt/up; while :; do sleep 0.1; done"];
const RAM = `<filesystem type='ram'><source usage='4096' units='KiB'/><target dir='/mnt'/></filesystem>`;
const RESTARTED = '<on_poweroff>restart</on_poweroff>';

suite('shutdown-all', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  /** Boots one whose init listens by then. */
  const boot = (init: readonly string[], more = '') => {
    const name = virsh.boot({ init, more });
    virsh.inside(name, 'while ! [ -e /mnt/up ]; do sleep 0.01; done; rm /mnt/up');
    return name;
  };

  it('lets all that listen end together, and destroys the others', () => {
    const slow = [boot(polite(2)), boot(polite(2)), boot(polite(2))];
    const paused = boot(polite(0));
    virsh.ok('suspend', paused);
    const again = boot(polite(0), RESTARTED);
    const deaf = virsh.boot();
    const before = Date.now();
    const lines = virsh.ok('shutdown-all', '--timeout', '60').trim().split('\n').sort();
    const tookMs = Date.now() - before;
    expect(lines).toEqual(
      [
        ...[...slow, paused].map((name) => `Domain '${name}' has shut down`),
        ...[again, deaf].map((name) => `Domain '${name}' destroyed`),
      ].sort(),
    );
    expect(slow.map((name) => virsh.state(name))).toEqual(slow.map(() => 'shut off (shutdown)'));
    expect([paused, again, deaf].map((name) => virsh.state(name))).toEqual([
      'shut off (shutdown)',
      'shut off (destroyed)',
      'shut off (destroyed)',
    ]);
    expect(tookMs).toBeGreaterThanOrEqual(2000);
    expect(tookMs).toBeLessThan(30_000); // nobody waited for one that does not listen
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
  });

  it('asks all at once: none waits for others that do not listen yet', () => {
    // To those that are called so a signal is not sent before they wait for it, or five seconds are over.
    const getsReady = ['/bin/sh', '-c', 'cp /bin/busybox /mnt/dinit && exec -a busybox /mnt/dinit sleep 1000'];
    const names = [1, 2, 3, 4].map(() => virsh.boot({ init: getsReady, devices: RAM }));
    for (const name of names) virsh.inside(name, 'while ! readlink /proc/1/exe | grep -q dinit; do sleep 0.01; done');
    const before = Date.now();
    virsh.ok('shutdown-all', '--timeout', '60');
    expect(Date.now() - before).toBeLessThan(names.length * 5000);
    expect(names.map((name) => virsh.state(name))).toEqual(names.map(() => 'shut off (destroyed)'));
  });

  it('destroys what has not ended in time', () => {
    const name = boot(STUBBORN);
    expect(virsh.ok('shutdown-all', '--timeout', '1').trim()).toBe(`Domain '${name}' destroyed`);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it('has nothing to do where nothing runs', () => expect(virsh.ok('shutdown-all').trim()).toBe(''));

  describe('as the unit runs it', () => {
    /** The command of the unit, with a systemctl that says this of the host. */
    const stop = (state: string) => {
      const bin = virsh.path('bin');
      fs.mkdirSync(bin, { recursive: true });
      fs.writeFileSync(path.join(bin, 'systemctl'), `#!/bin/sh\necho ${state}\n`, { mode: 0o755 });
      const line = /^ExecStop=\/bin\/sh -c '(.*)'$/m.exec(fs.readFileSync(SOURCE, 'utf8'))![1]!.replaceAll('$$', '$');
      const PATH = `${bin}:${ROOT}/bin:${virsh.env['PATH']}`;
      return spawnSync('/bin/sh', ['-c', line], { env: { ...virsh.env, PATH }, encoding: 'utf8' });
    };

    it('ends domains when the host stops, and at no other time', () => {
      const name = boot(polite(0));
      expect(stop('running')).toMatchObject({ status: 0, stdout: '' });
      expect(virsh.state(name)).toBe('running (booted)');
      expect(stop('stopping').status).toBe(0);
      expect(virsh.state(name)).toBe('shut off (shutdown)');
    });
  });
});

describe.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)('the unit', () => {
  it('is one that systemd takes', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', SOURCE], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

suite('the unit of a systemd host', ['root', 'built', 'busybox', 'fuse', 'systemd'], () => {
  const virsh = useVirsh();
  const systemctl = (...args: string[]) => execFileSync('systemctl', args, { encoding: 'utf8' });
  const isActive = (unit: string) => spawnSync('systemctl', ['is-active', '-q', unit]).status === 0;
  const folder = '/run/systemd/system';

  it('stops libvirtd, its sockets, and no container', () => {
    const others = ['libvirtd.service', 'virtlxcd.service'];
    for (const other of others) fs.writeFileSync(`${folder}/${other}`, '[Service]\nExecStart=/bin/sleep 1000\n');
    fs.writeFileSync(`${folder}/libvirtd.socket`, '[Socket]\nListenStream=/run/libvirt-test.sock\n');
    fs.copyFileSync(SOURCE, `${folder}/${UNIT}`);
    fs.mkdirSync(`${folder}/${UNIT}.d`, { recursive: true });
    const settings = { ...virsh.env, PATH: `${ROOT}/bin:${virsh.env['PATH']}` };
    const lines = Object.entries(settings).map(([name, value]) => `Environment="${name}=${value}"`);
    fs.writeFileSync(`${folder}/${UNIT}.d/store.conf`, `[Service]\n${lines.join('\n')}\n`);
    systemctl('daemon-reload');
    try {
      systemctl('start', 'libvirtd.socket'); // before the service, which it would start
      systemctl('start', ...others);
      expect(others.map(isActive)).toEqual([true, true]);
      const name = virsh.boot();
      systemctl('start', UNIT);
      expect([...others, 'libvirtd.socket', UNIT].map(isActive)).toEqual([false, false, false, true]);
      systemctl('start', 'libvirtd.service');
      expect(isActive(UNIT)).toBe(false);
      expect(virsh.state(name)).toBe('running (booted)');
    } finally {
      systemctl('stop', UNIT, ...others, 'libvirtd.socket');
      for (const file of [UNIT, `${UNIT}.d`, ...others, 'libvirtd.socket'])
        fs.rmSync(`${folder}/${file}`, { recursive: true, force: true });
      systemctl('daemon-reload');
    }
  });
});

// libvirt's own script that stops and starts guests with the host works with this program as its virsh.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { SLOWNESS } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const SCRIPT = '/usr/lib/libvirt/libvirt-guests.sh';
/** Where it keeps what it did, and reads what to do. */
const [STATE, LOCK, SETTINGS] = ['/var/lib/libvirt', '/var/lock', '/etc/default/libvirt-guests'];

suite('libvirt-guests.sh', ['root', 'built', 'busybox', 'fuse', 'libvirt_guests'], () => {
  const virsh = useVirsh();

  function guests(verb: string, settings: string, env: Record<string, string> = {}): string[] {
    const [state, lock] = ['state', 'lock'].map((name) => virsh.path(name)) as [string, string];
    for (const directory of [state, lock]) fs.mkdirSync(directory, { recursive: true });
    const file = virsh.file('guests', settings);
    const mounts = [
      [state, STATE],
      [lock, LOCK],
      [file, SETTINGS],
    ].map(([from, to]) => `mount --bind ${from} ${to}`);
    const bin = virsh.path('bin');
    if (!fs.existsSync(bin)) {
      fs.mkdirSync(bin);
      fs.symlinkSync(path.join(ROOT, 'dist/virsh'), path.join(bin, 'virsh'));
    }
    const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-ec', `${mounts.join('\n')}\nexec ${SCRIPT} ${verb}`], {
      encoding: 'utf8',
      cwd: virsh.prefix,
      env: { ...virsh.env, PATH: `${bin}:${virsh.env['PATH']}`, ...env },
    });
    expect({ verb, status, stderr }).toEqual({ verb, status: 0, stderr: '' });
    return stdout.split('\n').filter(Boolean);
  }
  const patient = { init: ['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.05; done"] };

  it.each([
    ['default', 0, '', { LIBVIRT_DEFAULT_URI: 'lxc:///' }],
    ['lxc:///', 2, 'URIS=lxc:///\n', {}],
    ['lxc:///system', 2, 'URIS=lxc:///system\n', {}],
  ])('shuts down what runs on %s, %d at a time, and starts it again', { timeout: 60_000 * SLOWNESS }, (uri, parallel, uris, env) => {
    const settings = `${uris}ON_BOOT=start\nON_SHUTDOWN=shutdown\nSHUTDOWN_TIMEOUT=30\nPARALLEL_SHUTDOWN=${parallel}\n`;
    const running = [virsh.boot(patient), virsh.boot(patient), virsh.boot(patient)];
    const off = virsh.define(patient);
    const told = guests('stop', settings, env).join('\n');
    for (const name of running) {
      expect(told).toContain(`Starting shutdown on guest: ${name}`);
      expect(told).toContain(`Shutdown of guest ${name} complete.`);
      expect(virsh.state(name)).toBe('shut off (shutdown)');
    }
    const listed = fs.readFileSync(virsh.path('state/libvirt-guests'), 'utf8').trim().split(' ');
    expect(listed.sort()).toEqual([uri, ...running.map((name) => virsh.ok('domuuid', name).trim())].sort());
    const again = guests('start', settings, env).join('\n');
    for (const name of running) {
      expect(again).toContain(`Resuming guest ${name}: done`);
      expect(virsh.state(name)).toBe('running (booted)');
    }
    expect(virsh.state(off)).toBe('shut off (unknown)');
    expect(guests('gueststatus', settings, env).join('\n')).toContain(running[0]);
  });

  it('has nothing to do where nothing runs', () => {
    virsh.define();
    expect(guests('stop', 'URIS=lxc:///\n').join('\n')).toContain('Running guests on lxc:/// URI: no running guests.');
    guests('start', 'URIS=lxc:///\nON_BOOT=start\n');
  });
});

// What people do with containers works at every level of containment.
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const ESCAPE = '\x1d';
const SHELL = ['/bin/sh', '-c', 'stty -echo; PS1="prompt> " exec sh -i'];
/** It ends when it is asked to, and when it is told to reboot. */
const POLITE = ['/bin/sh', '-c', 'trap exit TERM HUP; echo up; while :; do sleep 0.1; done'];
const DEVICE = '/dev/loop-control';

suite('a container', ['root', 'built', 'busybox', 'fuse', 'script', 'userns', 'idmapped_mounts'], () => {
  const virsh = useVirsh();

  describe.each(['libvirt', 'default', 'strict'] as const)('at level %s', (level) => {
    it('starts, tells what it is, and ends when it is asked to', async () => {
      const name = virsh.boot({ level, init: POLITE });
      expect(virsh.ok('dominfo', name)).toContain('State:          running\n');
      expect(virsh.ok('list', '--name')).toContain(`${name}\n`);
      await eventually(() => virsh.run('logs', name).stdout.includes('up') || level === 'libvirt');
      virsh.ok('shutdown', name);
      await virsh.waitForState(name, 'shut off (shutdown)');
    });

    it('has a console on which its shell is', async () => {
      const name = virsh.boot({ level, init: SHELL });
      const visit = onTerminal(virsh, 'console', name);
      await visit.until('Connected to domain');
      visit.type('echo $((6*7))\n');
      await visit.until(/^(prompt> )?42$/m);
      visit.type(ESCAPE);
      expect(await visit.ended()).toBe(0);
    });

    it('is entered by its root, who can write there and make what belongs to others', () => {
      const name = virsh.boot({ level });
      expect(virsh.inside(name, 'id -u; touch /mnt/f && chown 7:8 /mnt/f && stat -c %u:%g /mnt/f; rm /mnt/f')).toBe('0\n7:8\n');
      expect(virsh.run('exec', name, '--', 'sh', '-c', 'cat /proc/1/comm; exit 3')).toEqual({ status: 3, stdout: 'sleep\n', stderr: '' });
    });

    it('stands still and goes on', () => {
      const name = virsh.boot({ level, init: POLITE });
      virsh.ok('suspend', name);
      expect(virsh.state(name)).toBe('paused (user)');
      virsh.ok('resume', name);
      expect(virsh.ok('exec', name, '--', 'echo', 'on')).toBe('on\n');
    });

    it('is another one after a reboot, and there is nothing after its end', async () => {
      const name = virsh.boot({ level, init: POLITE, more: '<on_poweroff>restart</on_poweroff>' });
      const before = virsh.controllerPid(name);
      virsh.ok('reboot', name);
      await eventually(() => /^\d+\n/.test(virsh.run('domid', name).stdout) && virsh.controllerPid(name) !== before);
      virsh.ok('destroy', name);
      expect(virsh.state(name)).toBe('shut off (destroyed)');
    });

    it('gets and loses memory, processors and devices while it runs', () => {
      const name = virsh.boot({ level, memoryKiB: 131072 });
      virsh.ok('setmem', name, '65536', '--live');
      expect(virsh.inside(name, "awk '/^MemTotal/ { print $2 }' /proc/meminfo")).toBe('65536\n');
      virsh.ok('schedinfo', name, '--set', 'cpu_shares=512');
      expect(virsh.ok('schedinfo', name)).toContain('cpu_shares     : 512\n');
      const file = virsh.file('d.xml', `<hostdev mode='capabilities' type='misc'><source><char>${DEVICE}</char></source></hostdev>`);
      virsh.ok('attach-device', name, file);
      expect(virsh.inside(name, `: <${DEVICE} && echo open`)).toBe('open\n');
      virsh.ok('detach-device', name, file);
      expect(virsh.runInside(name, `test -e ${DEVICE}`).status).toBe(1);
    });

    it('has file systems of every kind', () => {
      fs.mkdirSync(virsh.path('shared'), { recursive: true });
      fs.writeFileSync(virsh.path('shared/file'), 'shared\n');
      const devices = `<filesystem><source dir='${virsh.path('shared')}'/><target dir='/mnt'/><readonly/></filesystem>
        <filesystem type='ram'><source usage='1024'/><target dir='/tmp'/></filesystem>`;
      const name = virsh.boot({ level, devices });
      expect(virsh.inside(name, 'cat /mnt/file; touch /mnt/other 2>/dev/null || echo no; echo x >/tmp/x && cat /tmp/x')).toBe(
        'shared\nno\nx\n',
      );
    });

    it('has a network of its own', () => {
      const name = virsh.boot({ level, more: '<features><privnet/></features>' });
      expect(virsh.inside(name, 'ip -o link | cut -d: -f2 | tr -d " \\n"')).toBe('lo');
      expect(virsh.inside(name, 'ip -o addr show lo')).toContain('inet 127.0.0.1/8');
    });
  });
});

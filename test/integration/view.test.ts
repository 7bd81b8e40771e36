// What a container is told of its processors, its time and its load: by the files that programs read, and by programs.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const HOST_VIEW = "<o:host-view xmlns:o='urn:virsh-lxc:domain:1.0'/>";
const ONLINE = '/sys/devices/system/cpu/online';

suite('the view of a container', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const lines = (text: string): string[] => text.trimEnd().split('\n');
  const quota = (us: number) => `<cputune><period>100000</period><quota>${us}</quota></cputune>`;
  const hostUptime = () => Number.parseFloat(fs.readFileSync('/proc/uptime', 'utf8'));
  const PROCESSORS = `cat ${ONLINE}; grep -c "^processor" /proc/cpuinfo; grep -c "^cpu[0-9]" /proc/stat; nproc`;

  it('is of the processors of its cpuset', () => {
    const name = virsh.boot({ more: "<vcpu placement='static' cpuset='0'>1</vcpu>" });
    expect(lines(virsh.inside(name, PROCESSORS))).toEqual(['0', '1', '1', '1']);
    expect(virsh.inside(name, 'grep "^processor" /proc/cpuinfo; grep -o "^cpu[0-9]" /proc/stat')).toBe('processor\t: 0\ncpu0\n');
  });

  it('is of no more processors than its quota pays for, from the moment when that changes', () => {
    const name = virsh.boot({ more: quota(50_000) });
    const seen = () => lines(virsh.inside(name, PROCESSORS)).slice(0, 3);
    expect(seen()).toEqual(['0', '1', '1']);
    virsh.ok('schedinfo', name, '--live', '--set', 'vcpu_quota=-1');
    const all = fs.readFileSync(ONLINE, 'utf8').trim();
    const count = String(fs.readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)!.length);
    expect(seen()).toEqual([all, count, count]);
  });

  it('begins with the container, and processes are as old as they are', async () => {
    const name = virsh.boot();
    const script = 'date +%s; cat /proc/uptime; date +%s; grep btime /proc/stat; cut -d" " -f22 /proc/1/stat; uptime | grep -c "up 0 min"';
    const [before, uptime, after, btime, started, short] = lines(virsh.inside(name, script));
    const [up = 0, idle = 0] = uptime!.split(' ').map(Number);
    expect(up).toBeGreaterThanOrEqual(0);
    expect(up).toBeLessThan(50);
    expect(idle).toBeGreaterThan(0);
    // Each is without its fraction of a second.
    const now = Number(btime!.split(' ')[1]) + up;
    expect(now).toBeGreaterThan(Number(before) - 1);
    expect(now).toBeLessThan(Number(after) + 2);
    expect(Number(started) / 100).toBeLessThan(up + 0.1);
    expect(short).toBe('1');
    // And goes on with it.
    await eventually(() => Number.parseFloat(virsh.inside(name, 'cat /proc/uptime')) >= up + 1 || undefined);
  });

  it('begins anew with a reboot', async () => {
    const init = ['/bin/sh', '-c', "trap 'exec reboot -f' HUP; mkfifo /dev/never; touch /dev/ready; while :; do read x <>/dev/never; done"];
    const name = virsh.boot({ init });
    await eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
    const uptime = () => {
      const { status, stdout } = virsh.runInside(name, 'cat /proc/uptime');
      return status === 0 ? Number.parseFloat(stdout) : undefined;
    };
    const before = await eventually(() => ((uptime() ?? 0) > 2 ? uptime() : undefined));
    virsh.ok('reboot', name);
    expect(await eventually(() => ((uptime() ?? before) < before ? 'anew' : undefined))).toBe('anew');
  });

  it('leaves the clock that orders journals to the host', () => {
    const name = virsh.boot();
    expect(virsh.inside(name, 'tr -s " \\t" " " </proc/self/timens_offsets')).toMatch(/^monotonic 0 0\nboottime -\d+ 0\n$/);
  });

  it('is of the time that its own processes took', async () => {
    const name = virsh.boot();
    const [, user = 0, , system = 0] = virsh.inside(name, 'head -1 /proc/stat').split(/ +/).map(Number);
    virsh.inside(name, 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done');
    const after = await eventually(() => {
      const [, user = 0, , system = 0] = virsh.inside(name, 'head -1 /proc/stat').split(/ +/).map(Number);
      return user + system > 10 ? user + system : undefined;
    });
    expect(user + system).toBeLessThan(after);
    // Of the host it is what the container did since it began: not more than all its processors could do.
    expect(after).toBeLessThan(6000 * Number(virsh.inside(name, 'nproc')));
  });

  it('has a load that rises where something runs', async () => {
    const name = virsh.boot();
    const load = () => Number(virsh.inside(name, 'cut -d" " -f1 /proc/loadavg'));
    const before = load();
    virsh.start({}, 'lxc-enter-namespace', name, '--noseclabel', '--', '/bin/sh', '-c', 'while :; do :; done');
    expect(await eventually(() => (load() > before + 0.05 ? 'risen' : undefined), 40_000)).toBe('risen');
  });

  it('is the same in whatever pieces it is read, and not to be written', () => {
    const name = virsh.boot();
    const script = `n=$(wc -c </proc/cpuinfo); for bs in 7 100 4096 65536; do test $(dd if=/proc/cpuinfo bs=$bs 2>/dev/null | wc -c) = $n && echo same; done
      for file in cpuinfo stat uptime loadavg swaps diskstats; do echo x 2>/dev/null >/proc/$file || echo no; done
      stat -c "%A %u" /proc/stat ${ONLINE}`;
    expect(lines(virsh.runInside(name, script).stdout.replace(/^.*sh: .*\n/gm, ''))).toEqual([
      ...Array(4).fill('same'),
      ...Array(6).fill('no'),
      ...Array(2).fill('-r--r--r-- 0'),
    ]);
  });

  const isHosts = (name: string) => {
    const [mounts, uptime] = lines(virsh.inside(name, 'grep -c " fuse " /proc/mounts; cat /proc/uptime'));
    expect(mounts).toBe('1');
    expect(Math.abs(Number.parseFloat(uptime!) - hostUptime())).toBeLessThan(5);
    expect(fs.readlinkSync(`/proc/${virsh.initPid(name)}/ns/time`)).toBe(fs.readlinkSync('/proc/self/ns/time'));
    expect(virsh.inside(name, 'head -1 /proc/meminfo')).toMatch(/^MemTotal: +65536 kB\n$/);
  };

  it('is of memory alone where the definition says that the rest is the host’s', () => {
    isHosts(virsh.boot({ more: HOST_VIEW }));
  });

  it('is of memory alone at level libvirt', () => {
    virsh.file('etc/libvirt/lxc.conf', 'security_level = "libvirt"\n');
    try {
      isHosts(virsh.boot());
    } finally {
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });

  it('costs the controller no more memory than before', () => {
    const name = virsh.boot();
    virsh.inside(name, `cat /proc/meminfo /proc/cpuinfo /proc/stat /proc/uptime /proc/loadavg /proc/swaps /proc/diskstats ${ONLINE}`);
    const rollup = fs.readFileSync(`/proc/${virsh.controllerPid(name)}/smaps_rollup`, 'utf8');
    expect(Number(/^Private_Dirty: +(\d+) kB$/m.exec(rollup)![1])).toBeLessThan(150);
  });

  it.skipIf(requires('userns'))('is that of its root under mapped ids, and begins with the container', () => {
    const folder = virsh.path('mapped');
    fs.cpSync(virsh.root, folder, { recursive: true, verbatimSymlinks: true });
    for (const entry of ['', ...fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      fs.lchownSync(path.join(folder, entry), 100000, 200000);
    const idmap = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>";
    const name = virsh.boot({ root: folder, more: idmap });
    const [owner, uptime] = lines(virsh.inside(name, 'stat -c "%A %u:%g" /proc/stat; cat /proc/uptime'));
    expect(owner).toBe('-r--r--r-- 0:0');
    expect(Number.parseFloat(uptime!)).toBeLessThan(50);
  });
});

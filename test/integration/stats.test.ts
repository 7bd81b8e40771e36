// Statistics beside the kernel's own files.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Uses memory and processor, then stays quiet. */
const BUSY = [
  '/bin/sh',
  '-c',
  'dd if=/dev/zero of=/mnt/data bs=1M count=8; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo >/mnt/done; sleep 1000',
];

suite('domstats', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  const statsOf = (name: string, ...options: string[]): Record<string, string> => {
    const [first, ...lines] = virsh
      .ok('domstats', name, ...options)
      .trim()
      .split('\n');
    expect(first).toBe(`Domain: '${name}'`);
    return Object.fromEntries(lines.map((line) => /^ {2}([\w.-]+)=(.*)$/.exec(line)!.slice(1)));
  };

  it('tells what the kernel does of a container', async () => {
    const name = virsh.boot({
      init: BUSY,
      memoryKiB: 131072,
      devices:
        "<interface type='ethernet'><mac address='52:54:00:77:00:01'/></interface><filesystem type='ram'><source usage='20480'/><target dir='/mnt'/></filesystem>",
    });
    await eventually(() => virsh.inside(name, 'ls /mnt').includes('done'));
    const group = cgroupOf(virsh.initPid(name));
    const stats = statsOf(name, '--state', '--cpu-total', '--balloon', '--vcpu', '--interface', '--block', '--vm');
    const cpuNs = Number(group.read('cpuacct', 'cpuacct.usage', 'cpu.stat').replace(/^usage_usec (\d+)(?:\n.*)*/, '$1000'));
    expect(Math.abs(Number(stats['cpu.time']) - cpuNs) / cpuNs).toBeLessThan(0.2);
    expect(Number(stats['cpu.time'])).toBeGreaterThan(1e6);
    const usedKiB = Number(group.read('memory', 'memory.usage_in_bytes', 'memory.current')) / 1024;
    expect(Math.abs(Number(stats['balloon.usage']) - usedKiB)).toBeLessThan(1024);
    // What is in a file system of memory is no anonymous memory.
    expect(Number(stats['balloon.disk_caches'])).toBeGreaterThanOrEqual(8192);
    expect(Number(stats['balloon.rss'])).toBeLessThan(8192);
    expect(stats).toMatchObject({
      'state.state': '1',
      'state.reason': '1',
      'balloon.current': '131072',
      'balloon.available': '131072',
      'vcpu.current': '1',
      'net.count': '1',
      'block.count': '0',
      'vm.pids.cur': group.read('pids', 'pids.current', 'pids.current'),
      'vm.oom_kills.sum': '0',
    });
    expect(Number(stats['vm.uptime.cur'])).toBeLessThan(600);
    const device = stats['net.0.name']!;
    // The kernel itself sends something now and then.
    const received = (text: string, pattern: RegExp): number => Number(pattern.exec(text)![1]);
    const [before, after] = [stats, statsOf(name, '--interface')].map((all) => Number(all['net.0.rx.bytes']));
    const inside = received(virsh.inside(name, 'cat /proc/net/dev'), /eth0:\s*(\d+)/);
    const later = received(virsh.ok('domifstat', name, device), /rx_bytes (\d+)/);
    expect([before, after, inside, later]).toEqual([before, after, inside, later].sort((one, other) => one! - other!));
  });

  it('counts a process that was killed for memory, and a quota that was used up', async () => {
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'sh -c "a=x; while :; do a=\\$a\\$a; done"; while :; do :; done'],
      memoryKiB: 16384,
      more: '<cputune><quota>10000</quota><period>100000</period></cputune>',
    });
    await eventually(() => Number(statsOf(name, '--vm')['vm.oom_kills.sum']) >= 1, 20_000);
    await eventually(() => Number(statsOf(name, '--vm')['vm.cpu_throttled.sum']) >= 2, 20_000);
    const { 'vm.cpu_throttled_time.sum': timeNs, 'vm.cpu_periods.sum': periods } = statsOf(name, '--vm');
    expect(Number(timeNs)).toBeGreaterThan(1e6);
    expect(Number(periods)).toBeGreaterThan(1);
  });

  it('chooses domains by its filters, what runs first', () => {
    const [off, paused] = [virsh.define(), virsh.boot()];
    const running = virsh.name('r');
    virsh.ok('create', virsh.file('r.xml', virsh.xml(running)));
    virsh.ok('suspend', paused);
    const names = (...options: string[]) =>
      [...virsh.ok('domstats', '--state', ...options).matchAll(/^Domain: '(.*)'$/gm)].map(([, name]) => name);
    expect(names('--list-active').sort()).toEqual([paused, running].sort());
    expect(names('--list-inactive')).toEqual([off]);
    expect(names('--list-paused')).toEqual([paused]);
    expect(names('--list-running')).toEqual([running]);
    expect(names('--list-shutoff', '--list-paused')).toEqual([paused, off]);
    expect(names('--list-other')).toEqual([]);
    expect(names('--list-transient')).toEqual([running]);
    expect(names('--list-persistent').sort()).toEqual([off, paused].sort());
    expect(names().at(-1)).toBe(off);
    expect(virsh.ok('domstats', '--state', off, off)).toBe(`Domain: '${off}'\n  state.state=5\n  state.reason=0\n\n`);
    expect(virsh.error('domstats', 'nosuch')).toEqual(["failed to get domain 'nosuch'"]);
  });

  it('with --enforce takes no group that containers have nothing of', () => {
    const name = virsh.define();
    expect(virsh.ok('domstats', name, '--perf')).toBe(`Domain: '${name}'\n\n`);
    expect(virsh.error('domstats', name, '--perf', '--iothread', '--state', '--enforce')).toEqual([
      'argument unsupported: Stats types bits 0xc0 are not supported by this daemon',
    ]);
  });

  it('is refused where a host is to have libvirt alone', () => {
    const name = virsh.define();
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    try {
      expect(virsh.error('domstats', name)).toEqual(['this function is not supported by the connection driver: virDomainListGetStats']);
      expect(virsh.error('domstats')).toEqual(['this function is not supported by the connection driver: virConnectGetAllDomainStats']);
    } finally {
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });
});

suite('metrics', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it('writes a file that everybody may read, whole at every moment', () => {
    const name = virsh.boot();
    fs.mkdirSync(virsh.path('textfile'));
    const file = virsh.file('textfile/libvirt_lxc.prom', 'old');
    expect(virsh.ok('metrics', '--file', file)).toBe('\n');
    const text = fs.readFileSync(file, 'utf8');
    expect(text).toMatch(new RegExp(`^libvirt_domain_lxc_pids\\{domain="${name}"\\} 1$`, 'm'));
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
    expect(fs.readdirSync(virsh.path('textfile'))).toEqual(['libvirt_lxc.prom']);
    expect(virsh.error('metrics', '--file', '/proc/no/such')[0]).toMatch(/^cannot write file '\/proc\/no\/such': /);
  });
});

suite('metrics, checked by promtool', ['root', 'built', 'busybox', 'fuse', 'loop', 'promtool'], () => {
  const virsh = useVirsh();

  it("is what Prometheus' own tool finds nothing wrong with", () => {
    const image = virsh.file('disk.img', '\0'.repeat(2 ** 20));
    const devices = `<disk type='file'><source file='${image}'/><target dev='vda'/></disk><interface type='ethernet'/>`;
    const name = virsh.boot({ devices });
    virsh.define();
    const text = virsh.ok('metrics');
    expect(text).toContain(`libvirt_domain_block_stats_capacity_bytes{domain="${name}",target_device="vda"} 1048576\n`);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

// The files that a container is told of its resources by, as the controller's own code computes them of cgroups on paper.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VIEW_DIRECTORIES } from '../../../lib-native/plan-encoding.ts';
import { ROOT, suite } from '../../helpers/requires.ts';

const SOURCES = ['text', 'memory', 'cpus', 'times', 'disks'].map((name) => `lib-native/controller/${name}.c`);
const host = (file: string): string => fs.readFileSync(file, 'utf8');
const lines = (text: string): string[] => text.split('\n').filter(Boolean);
/** Whole seconds since the host started. */
const hostSeconds = (): number => Math.floor(Number.parseFloat(host('/proc/uptime')));

suite('view.h', ['cc'], () => {
  let folder: string;
  let group: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-view-'));
    const program = path.join(folder, 'read-view');
    execFileSync('cc', ['-I', 'lib-native/controller', '-Wall', '-Werror', '-o', program, 'test/helpers/read-view.c', ...SOURCES], {
      cwd: ROOT,
    });
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  beforeEach(() => {
    group = fs.mkdtempSync(path.join(folder, 'group-'));
  });

  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(group, name), text);
  };
  interface Facts {
    version?: 1 | 2;
    since?: number;
    init?: number;
  }
  const args = (file: string, { version = 2, since = 0, init = process.pid }: Facts = {}) => [
    ...[file, String(version), String(since), String(init)],
    ...VIEW_DIRECTORIES.map(() => group),
  ];
  const read = (file: string, facts: Facts = {}): string =>
    spawnSync(path.join(folder, 'read-view'), args(file, facts), { encoding: 'utf8', input: '' }).stdout;

  describe('processors', () => {
    const effective = { 1: 'cpuset.effective_cpus', 2: 'cpuset.cpus.effective' } as const;
    const online = (version: 1 | 2, cpus: string, files: Record<string, string> = {}) => {
      write({ [effective[version]]: `${cpus}\n`, ...files });
      return read('online', { version });
    };

    it.each([1, 2] as const)('are those of the cpuset, by the numbers of the host (version %d)', (version) => {
      for (const cpus of ['0', '0-3', '2-3,7', '0-1,4,6-7,63-64,8191']) expect(online(version, cpus)).toBe(`${cpus}\n`);
    });

    it.each([
      ['max 100000', '2-3,7-8'],
      ['400000 100000', '2-3,7-8'],
      ['300000 100000', '2-3,7'],
      ['200001 100000', '2-3,7'],
      ['200000 100000', '2-3'],
      ['1000 100000', '2'],
    ])('are no more than a quota of %s pays for', (quota, cpus) => {
      expect(online(2, '2-3,7-8', { 'cpu.max': `${quota}\n` })).toBe(`${cpus}\n`);
      const [limit = '', period = ''] = quota.replace('max', '-1').split(' ');
      expect(online(1, '2-3,7-8', { 'cpu.cfs_quota_us': `${limit}\n`, 'cpu.cfs_period_us': `${period}\n` })).toBe(`${cpus}\n`);
    });

    it('are those that init may run on, where there is no cpuset', () => {
      const allowed = /^Cpus_allowed_list:\t(.*)$/m.exec(host('/proc/self/status'))![1];
      expect(read('online')).toBe(`${allowed}\n`);
    });

    it('are described one by one', () => {
      write({ [effective[2]]: '0\n' });
      const first = host('/proc/cpuinfo').split('\n\n')[0];
      const shown = read('cpuinfo');
      const without = (text = '') => text.replace(/^(cpu MHz|bogomips).*\n/gm, '');
      expect(without(shown).trim()).toBe(without(`${first}\n`).trim());
      write({ [effective[2]]: '8191\n' });
      expect(read('cpuinfo')).not.toMatch(/^processor/m);
    });
  });

  describe('/proc/stat', () => {
    const times = (text: string) => lines(text).filter((line) => line.startsWith('cpu'));
    const usage = (user: number, system: number) => ({
      'cpu.stat': `usage_usec ${(user + system) * 1e4}\nuser_usec ${user * 1e4}\nsystem_usec ${system * 1e4}\n`,
    });

    it('divides the time of the cgroup among the processors that it has, and the rest of its life is idle', () => {
      write({ 'cpuset.cpus.effective': '1,4\n', ...usage(1000, 600) });
      const since = hostSeconds() - 100;
      const [all, one, four, ...more] = times(read('stat', { since }));
      expect([one?.split(' ').slice(0, 4).join(' '), four?.split(' ').slice(0, 4).join(' '), more]).toEqual([
        'cpu1 500 0 300',
        'cpu4 500 0 300',
        [],
      ]);
      const [, , user, nice, system, idle, ...rest] = all!.split(' ');
      expect([user, nice, system, rest]).toEqual(['1000', '0', '600', Array(6).fill('0')]);
      expect(Number(idle)).toBeGreaterThanOrEqual(2 * 10_000 - 1600);
      expect(Number(idle)).toBeLessThan(2 * 10_000 - 1600 + 2 * 500);
    });

    it('has the time of each processor where version 1 tells it, unless a quota takes some away', () => {
      write({
        'cpuset.effective_cpus': '1-2\n',
        'cpuacct.usage_percpu_user': '7000000000 1000000000 2000000000 9000000000 \n',
        'cpuacct.usage_percpu_sys': '7000000000 500000000 250000000 9000000000 \n',
        'cpuacct.stat': 'user 400\nsystem 80\n',
      });
      const facts = { version: 1, since: hostSeconds() - 100 } as const;
      const counted = () => times(read('stat', facts)).map((line) => line.replace(/^(\w+ +\d+ 0 \d+) (\d+) 0 0 0 0 0 0$/, '$1'));
      expect(counted()).toEqual(['cpu  300 0 75', 'cpu1 100 0 50', 'cpu2 200 0 25']);
      write({ 'cpu.cfs_quota_us': '50000\n', 'cpu.cfs_period_us': '100000\n' });
      expect(counted()).toEqual(['cpu  400 0 80', 'cpu1 400 0 80']);
    });

    it('begins when the container does, and is otherwise the host', () => {
      write({ 'cpuset.cpus.effective': '0\n', ...usage(1, 1) });
      const btime = Number(/^btime (\d+)$/m.exec(host('/proc/stat'))![1]);
      const shown = read('stat', { since: 50 });
      expect(Number(/^btime (\d+)$/m.exec(shown)![1]) - btime).toBe(50);
      const names = (text: string) =>
        lines(text)
          .map((line) => line.split(' ')[0])
          .filter((name) => !name?.startsWith('cpu'));
      expect(names(shown)).toEqual(names(host('/proc/stat')));
      // The line of interrupts is longer than what is read at a time.
      expect(/^intr .*$/m.exec(shown)![0].split(' ').length).toBe(/^intr .*$/m.exec(host('/proc/stat'))![0].split(' ').length);
    });

    it('is that of the host where the cgroup does not tell its time', () => {
      write({ 'cpuset.cpus.effective': '0\n' });
      expect(times(read('stat')).map((line) => line.split(' ')[0])).toEqual(times(host('/proc/stat')).map((line) => line.split(' ')[0]));
    });
  });

  it('/proc/uptime is the life of the container, and how long its processors were idle', () => {
    write({ 'cpuset.cpus.effective': '0-1\n', 'cpu.stat': 'usage_usec 20000000\nuser_usec 15000000\nsystem_usec 5000000\n' });
    const shown = read('uptime', { since: hostSeconds() - 50 });
    expect(shown).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    const [up, idle] = shown.split(' ').map(Number);
    expect(up).toBeGreaterThanOrEqual(50);
    expect(up).toBeLessThan(60);
    expect(idle).toBeCloseTo(2 * up! - 20, 1);
  });

  describe('/proc/loadavg', () => {
    const pressure = (us: number) => `some avg10=0.00 avg60=0.00 avg300=0.00 total=${us}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`;

    it('is what ran, and that something waited, for as long as the container lives', () => {
      // Three hours, at 3 processors and with somebody who always waits for one more, and half of the time for a disk.
      const seconds = 3 * 3600;
      write({
        'cpu.stat': `usage_usec ${3 * seconds * 1e6}\n`,
        'cpu.pressure': pressure(seconds * 1e6),
        'io.pressure': pressure((seconds / 2) * 1e6),
        'pids.current': '17\n',
      });
      const [one, five, fifteen, ...rest] = read('loadavg', { since: hostSeconds() - seconds })
        .trim()
        .split(' ');
      for (const load of [one, five, fifteen]) expect(Number(load)).toBeCloseTo(4.5, 1);
      expect(rest).toEqual(['1/17', '0']);
    });

    it('rises slowly, as that of the kernel', () => {
      write({ 'cpuacct.usage': String(30 * 1e9) });
      const [one, five, fifteen] = read('loadavg', { version: 1, since: hostSeconds() - 30 })
        .split(' ')
        .map(Number);
      // 1 - e^(-30/60), 1 - e^(-30/300), 1 - e^(-30/900); the last second is not over.
      expect(Math.abs(one! - 0.39)).toBeLessThan(0.05);
      expect(Math.abs(five! - 0.095)).toBeLessThan(0.02);
      expect(Math.abs(fifteen! - 0.03)).toBeLessThan(0.01);
    });

    it('is 0 where nothing is known', () => {
      expect(read('loadavg', { since: hostSeconds() - 30 })).toBe('0.00 0.00 0.00 1/1 0\n');
    });
  });

  describe('/proc/diskstats', () => {
    /** A disk of this host: its numbers and name as the kernel lays them out. */
    const [line = ''] = lines(host('/proc/diskstats'));
    const [disk = ''] = /^ *\d+ +\d+ \S+/.exec(line) ?? [];
    const numbers = disk.trim().split(/ +/).slice(0, 2).join(':');

    it.skipIf(disk === '')('has the disks that the cgroup has to do with (version 2)', () => {
      write({
        'io.stat': `259:77 rbytes=1 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n${numbers} rbytes=8192 wbytes=1024 rios=2 wios=1 dbytes=512 dios=1\n`,
      });
      expect(read('diskstats')).toBe(`${disk} 2 0 16 0 1 0 2 0 0 0 0 1 0 1 0 0 0\n`);
      write({ 'io.stat': `${numbers} rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0\n` });
      expect(read('diskstats')).toBe('');
    });

    it.skipIf(disk === '')('has the disks that the cgroup has to do with (version 1)', () => {
      write({
        'blkio.throttle.io_service_bytes_recursive': `${numbers} Read 8192\n${numbers} Write 1024\n${numbers} Discard 512\n${numbers} Total 9728\nTotal 9728\n`,
        'blkio.throttle.io_serviced_recursive': `${numbers} Read 2\n${numbers} Write 1\n${numbers} Discard 1\n${numbers} Total 4\nTotal 4\n`,
      });
      expect(read('diskstats', { version: 1 })).toBe(`${disk} 2 0 16 0 1 0 2 0 0 0 0 1 0 1 0 0 0\n`);
    });

    it('is empty where nothing is known', () => {
      expect(read('diskstats')).toBe('');
    });
  });

  describe('/proc/swaps', () => {
    const HEAD = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
    const total = Number(/^SwapTotal: +(\d+)/m.exec(host('/proc/meminfo'))?.[1] ?? 0);

    it('is what the container may use of the swap that the host has', () => {
      write({
        'memory.stat': 'file 0\n',
        'memory.max': 'max\n',
        'memory.current': '0\n',
        'memory.swap.max': '1048576\n',
        'memory.swap.current': '4096\n',
      });
      expect(read('swaps')).toBe(total > 1024 ? `${HEAD}none                                    virtual\t\t1024\t\t4\t\t-2\n` : HEAD);
      write({ 'memory.swap.max': '0\n' });
      expect(read('swaps')).toBe(HEAD);
    });
  });
});

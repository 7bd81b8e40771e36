// virt-top: its files beside the kernel's own, and its screen on a terminal of tmux's.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { eventually } from '../helpers/eventually.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { outputComplaints } from '../helpers/json-schema.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { type Outcome, useVirsh } from '../helpers/virsh.ts';
import { within } from '../helpers/within.ts';

const PROGRAM = path.join(ROOT, 'dist/virt-top');
const BUSY = ['/bin/sh', '-c', 'while :; do :; done'];

suite('virt-top', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const top = (...args: string[]): Outcome => {
    const { status, stdout, stderr } = spawnSync(PROGRAM, args, { env: virsh.env, cwd: virsh.prefix, encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  it('writes what the kernel tells, as CSV', () => {
    const busy = virsh.boot({ init: BUSY });
    const idle = virsh.boot();
    const file = virsh.path('top.csv');
    const group = cgroupOf(virsh.initPid(busy));
    const timeNs = () => Number(group.read('cpuacct', 'cpuacct.usage', 'cpu.stat').replace(/^usage_usec (\d+)(?:\n.*)*/, '$1000'));
    const before = timeNs();
    expect(top('--script', '--csv', file, '-n', '2', '-d', '1')).toEqual({ status: 0, stdout: '', stderr: '' });
    const most = timeNs() - before;
    const [heading, first, second, ...rest] = fs.readFileSync(file, 'utf8').split('\n');
    expect([heading, rest]).toEqual([expect.stringMatching(/^Hostname,Time,Arch,.*,Net RXBY,Net TXBY$/), ['']]);
    expect(first!.split(',').slice(4, 13)).toEqual(['2', '2', '0', '0', '0', '0', '0', '2', '0']);
    const fields = second!.split(',').slice(18);
    const ofBusy = fields.slice(fields.indexOf(busy) - 1);
    const ofIdle = fields.slice(fields.indexOf(idle) - 1);
    expect([ofBusy[0], ofIdle[0]]).toEqual([virsh.controllerPid(busy), virsh.controllerPid(idle)].map(String));
    expect(Number(ofBusy[2])).toBeGreaterThan(0);
    expect(Number(ofBusy[2])).toBeLessThanOrEqual(most);
    expect(Number(ofIdle[2])).toBeLessThan(Number(ofBusy[2]));
  });

  it('prints a line of JSON each time, and the screen below the last one where there is no terminal', () => {
    const name = virsh.boot();
    const off = virsh.define();
    const lines = top('--json', '-n', '2', '-d', '0.1').stdout.trimEnd().split('\n');
    expect(lines.flatMap((line) => outputComplaints('virt-top', JSON.parse(line)))).toEqual([]);
    expect(lines.map((line) => JSON.parse(line).domains.map((domain: { name: string }) => domain.name))).toEqual([[name], [name]]);
    const [first, second] = top('-b', '-n', '2', '-d', '0.1', '-o', 'name')
      .stdout.split('\n\n')
      .filter((screen) => /NAME/.test(screen));
    expect(second).toMatch(
      new RegExp(`^   ID S RDRQ WRRQ RXBY TXBY %CPU %MEM    TIME   NAME\n *\\d+ R .* ${name}\n    - {43}\\(${off}\\)$`),
    );
    expect(first).toContain(name);
    expect(top('--stream', '-n', '1').stdout).toMatch(new RegExp(`^virt-top time  .*CPU.*MB \n.*NAME\n *\\d+ R .* ${name}\n$`));
  });

  it('ends at a time', () => {
    const begin = Date.now();
    expect(within(virsh, 2900, () => top('--script', '--end-time', '+1'))).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(Date.now() - begin).toBeGreaterThan(900);
  });

  it('reads its init file, unless somebody else could have written it', () => {
    const file = virsh.file('toprc', 'json true\niterations 1\nbogus 1\n', 0o644);
    expect(JSON.parse(top('--init-file', file).stdout)).toMatchObject({ domains: [] });
    virsh.file('.virt-toprc', 'stream true\niterations 1\n');
    expect(top().stdout).toMatch(/^virt-top time /);
    expect(top('--no-init-file', '-n', '1').stdout).toMatch(/^virt-top \d\d:/);
    fs.chmodSync(file, 0o666);
    expect(top('--init-file', file, '-n', '1').stdout).toMatch(/^virt-top \d\d:/);
    virsh.file('.virt-toprc', 'delay 0\n');
    expect(top()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^virt-top: '0' is no delay/) });
    fs.rmSync(virsh.path('.virt-toprc'));
  });

  it.each([
    [['--bogus'], 2, 'virt-top: Unknown argument: bogus\nvirt-top: --help lists the options\n'],
    [['-c', 'qemu:///system'], 1, 'error: no connection driver available for qemu:///system\n'],
    [['--script', '--csv', '/no/such'], 1, "error: Failed to open file '/no/such': No such file or directory\n"],
  ])('fails with %j', (args, status, stderr) => {
    expect(top(...args)).toEqual({ status, stdout: '', stderr });
  });
});

suite('virt-top on a terminal', ['root', 'built', 'busybox', 'fuse', 'tmux'], () => {
  const virsh = useVirsh();
  const tmux = (...args: string[]): string =>
    spawnSync('tmux', ['-f', '/dev/null', '-S', virsh.path('tmux'), ...args], { env: virsh.env, encoding: 'utf8' }).stdout;
  const shown = (): string[] => tmux('capture-pane', '-p').trimEnd().split('\n');
  const type = (...keys: string[]): void => void tmux('send-keys', ...keys);
  const until = (check: (lines: string[]) => unknown): Promise<unknown> => eventually(() => check(shown()), 10_000);

  function open(options: string[], { columns = 80, lines = 24, env = {} as Record<string, string> } = {}): void {
    const words = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), PROGRAM, ...options];
    tmux('new-session', '-d', '-x', String(columns), '-y', String(lines), `${words.join(' ')}; echo "ended $?"; sleep 100`);
  }
  /** Ends every program with its terminal: a server that is about to end would take what is opened next with it. */
  async function close(): Promise<void> {
    const server = tmux('display', '-p', '#{pid}').trim();
    tmux('kill-server');
    await eventually(() => !isAlive(server));
  }
  afterEach(close);

  it('shows each table by its key, help, and orders', async () => {
    const name = virsh.boot({ init: BUSY, devices: "<interface type='ethernet'/>" });
    const off = virsh.define();
    open(['-d', '0.5', '--no-init-file']);
    await until((lines) => /^ *\d+ R .* +[1-9]\d?\.?\d* .*:/.test(lines[5] ?? '') && lines[5]!.endsWith(name));
    const [host, sums, use, message, heading, , inactive] = shown();
    expect(host).toMatch(/^virt-top \d\d:\d\d:\d\d - \w+ \d+\/\d+CPU \d+MHz \d+MB/);
    expect(sums).toBe('2 domains, 1 active, 1 running, 0 sleeping, 0 paused, 1 inactive D:0 O:0 X:0');
    expect(use).toMatch(/^CPU: \d+\.\d% {2}Mem: \d+ MB \(\d+ MB by guests\)$/);
    expect([message, heading]).toEqual(['', '   ID S RDRQ WRRQ RXBY TXBY %CPU %MEM    TIME   NAME']);
    expect(inactive).toBe(`    -${' '.repeat(43)}(${off})`);
    type('2');
    await until((lines) => lines[4] === '   ID S RXBY TXBY RXPK TXPK DOMAIN       INTERFACE' && /vnet\d+$/.test(lines[5] ?? ''));
    type('3');
    await until((lines) => lines[4] === '   ID S RDBY WRBY RDRQ WRRQ DOMAIN       DEVICE');
    type('4');
    await until((lines) => lines[4]?.startsWith('   ID S PIDS  MAX') && / {3}1 .* \d+:\d\d\.\d\d /.test(lines[5] ?? ''));
    type('1');
    await until((lines) => lines[4]?.startsWith('PHYCPU %CPU'));
    type('1', 'B');
    await until((lines) => lines[4] === '   ID S RDBY WRBY RXBY TXBY %CPU %MEM    TIME   NAME');
    type('h');
    await until((lines) => lines[0]?.startsWith('virt-top of virsh-lxc') && lines.at(-1)!.startsWith('Any key leads back.'));
    type('x', 'F');
    await until((lines) => lines.includes('  2 * %CPU (key: P)'));
    type('Down', 'Down', 'Up');
    await until((lines) => lines.includes('  3 * %MEM (key: M)'));
    type('Enter', 'd');
    await until((lines) => lines[3] === 'Change delay from 0.5 to:');
    type('1', 'x', 'BSpace', '5', 'Enter', 'd');
    await until((lines) => lines[3] === 'Change delay from 15.0 to:');
    type('0', 'Enter');
    await until((lines) => lines[3] === "'0' is no delay in seconds above 0");
    type('Z');
    await until((lines) => lines[3] === "Unknown command - try 'h' for help");
    type('q');
    await until((lines) => lines[0] === 'ended 0');
  });

  it('follows the size of its window', async () => {
    virsh.boot();
    virsh.boot();
    open(['-d', '100', '--no-init-file']);
    await until((lines) => lines.length === 7);
    tmux('resize-window', '-x', '30', '-y', '6');
    await until(
      (lines) => lines.length === 6 && lines[1] === '2 domains, 2 active, 2 running' && lines[4] === '   ID S RDRQ WRRQ RXBY TXBY %C',
    );
    tmux('resize-window', '-x', '100', '-y', '30');
    await until((lines) => lines.length === 7 && lines[1]!.endsWith('X:0'));
  });

  it('has a heading that stands out, unless colours are not wanted', async () => {
    const escapes = () => tmux('capture-pane', '-p', '-e').split('\n')[4] ?? '';
    open(['--no-init-file']);
    await eventually(() => escapes().startsWith('\u001b[7m   ID S'));
    await close();
    open(['--no-init-file'], { env: { NO_COLOR: '1' } });
    await eventually(() => escapes().startsWith('   ID S'));
  });

  it('gives the terminal back: to ^C, to a signal, to ^Z', async () => {
    for (const end of [() => type('C-c'), () => void process.kill(Number(programs()[0]), 'SIGTERM')]) {
      open(['--no-init-file']);
      await until((lines) => lines[4]?.startsWith('   ID S'));
      end();
      await until((lines) => /^ended \d+$/.test(lines.find((line) => line.startsWith('ended')) ?? ''));
      expect(tmux('display', '-p', '#{alternate_on}')).toBe('0\n');
      await close();
    }
  });

  /** Of this terminal. */
  const programs = (): string[] => {
    const shell = tmux('display', '-p', '#{pane_pid}').trim();
    return fs.readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
  };

  it('writes its settings, and reads them the next time; not in secure mode', async () => {
    const file = virsh.path('.virt-toprc');
    open(['-d', '7', '-s']);
    await until((lines) => lines[4]?.startsWith('   ID S'));
    type('W');
    await until((lines) => lines[3] === 'The settings are not to be written');
    expect(fs.existsSync(file)).toBe(false);
    await close();
    open(['-d', '7']);
    await until((lines) => lines[4]?.startsWith('   ID S'));
    type('2', 'W');
    await until((lines) => lines[3]?.startsWith('Wrote settings to '));
    await close();
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^display net\ndelay 7\nhist-cpu 20\nsort cpu$/m);
    open([]);
    await until((lines) => lines[4]?.endsWith('INTERFACE'));
  });
});

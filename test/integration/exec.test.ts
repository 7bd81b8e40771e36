import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('exec', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const exec = (name: string, ...words: string[]) => virsh.run('exec', name, ...words);
  const IDS = 'uid=$(id -u) gid=$(id -g) groups=$(id -G) home=$HOME user=$USER';

  it.each([
    [['true'], 0],
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -9 $$'], 137],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['no-such'], 127],
    [['/etc/passwd'], 126],
  ])('passes the end of %j on as status %d', (command, status) => {
    expect(exec(virsh.boot(), '--', ...command)).toEqual({ status, stdout: '', stderr: '' });
  });

  it('exits with 125 where it fails itself', () => {
    expect(exec(virsh.define(), 'true')).toEqual({
      status: 125,
      stdout: '',
      stderr: 'error: Requested operation is not valid: domain is not running\n',
    });
    const name = virsh.boot();
    const failing = (words: string[], stderr: string) => expect(exec(name, ...words)).toEqual({ status: 125, stdout: '', stderr });
    failing(['--user', 'nobody', 'true'], "error: internal error: User nobody doesn't exist\n");
    failing(['--user', 'user:none', 'true'], "error: internal error: Group none doesn't exist\n");
    failing(['--cwd', '/none', 'true'], 'error: Failed to chdir into /none: No such file or directory\n');
    failing(['--cwd', 'none', 'true'], "error: directory 'none' is not an absolute path\n");
    failing(['--env', '=x', 'true'], "error: '=x' is not of the form NAME=VALUE\n");
    virsh.ok('suspend', name);
    failing(['true'], 'error: Requested operation is not valid: domain is paused\n');
    expect(virsh.run('-q', 'exec', 'none', 'true').status).toBe(125);
  });

  it("takes everything after the command's name for its own", () => {
    const name = virsh.boot();
    expect(exec(name, 'echo', '--user', '--', '-x', '--help').stdout).toBe('--user -- -x --help\n');
    expect(virsh.run('-q', `exec ${name} echo --tty 'a b'; echo two`).stdout).toBe('--tty a b\ntwo');
  });

  it("gives it the container's environment, PATH and directory, and what the options say", () => {
    const name = virsh.boot({ os: "<initenv name='GREETING'>hello</initenv>" });
    const shown = virsh.runWith(
      { env: { HANDED: 'over', SECRET: 'x', LANG: 'C' } },
      ...['-q', 'exec', name, '--env', 'A=1=2', '--env', 'HANDED', '--env', 'ABSENT', '--env', 'GREETING=bye', '--cwd', '/home/user'],
      ...['sh', '-c', 'echo $A,$HANDED,$GREETING,$LANG,$container,$PATH; env | grep -cE "ABSENT|SECRET"; pwd'],
    );
    const path_ = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    expect(shown).toEqual({ status: 0, stdout: `1=2,over,bye,C,libvirt-lxc,${path_}\n0\n/home/user\n`, stderr: '' });
    const own = virsh.boot({ os: "<initenv name='PATH'>/sbin:/bin</initenv>" });
    expect(exec(own, 'sh', '-c', 'echo $PATH').stdout).toBe('/sbin:/bin\n');
  });

  it.each([
    ['user', 'uid=1000 gid=100 groups=100 50 home=/home/user user=user'],
    ['1000', 'uid=1000 gid=100 groups=100 50 home=/home/user user=user'],
    ['user:staff', 'uid=1000 gid=50 groups=50 home=/home/user user=user'],
    ['root', 'uid=0 gid=0 groups=0 home=/ user=root'],
    ['4711:12', 'uid=4711 gid=12 groups=12 home=/ user='],
  ])('is user %s', (user, ids) => {
    const name = virsh.boot();
    expect(exec(name, '--user', user, 'sh', '-c', `echo ${IDS}`)).toEqual({ status: 0, stdout: `${ids}\n`, stderr: '' });
  });

  it('is a user of the ids that are mapped, who owns the terminal and has no capabilities', async () => {
    const more = "<idmap><uid start='0' target='200000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>";
    const root = makeRoot(fs.mkdtempSync(virsh.path('mapped-')));
    fs.chmodSync(root, 0o755);
    spawnSync('chown', ['-hR', '200000:200000', root]);
    const name = virsh.boot({ more, root });
    expect(exec(name, '--user', 'user', 'sh', '-c', `echo ${IDS}; grep CapEff /proc/self/status; grep . /proc/self/uid_map`)).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /^uid=1000 gid=100 groups=100 50 home=\/home\/user user=user\nCapEff:\t0{16}\n\s+0\s+200000\s+65536\n$/,
      ),
      stderr: '',
    });
    const terminal = onTerminal(virsh, '-q', 'exec', name, '--user', 'user', 'sh', '-c', 'stat -c %u $(tty)');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).toBe('1000\n');
  });

  it('believes no root that init has given itself about who is who', async () => {
    const root = makeRoot(fs.mkdtempSync(virsh.path('false-')));
    for (const folder of ['', 'tmp']) fs.chmodSync(path.join(root, folder), 0o777);
    const script =
      'mkdir -p /tmp/r/etc /tmp/r/bin /tmp/r/lib /tmp/r/lib64; cp /bin/busybox /tmp/r/bin/; cp -r /lib/* /tmp/r/lib/; cp -r /lib64/* /tmp/r/lib64/; ' +
      'echo user:x:0:0::/:/bin/sh >/tmp/r/etc/passwd; exec unshare -Ur chroot /tmp/r /bin/busybox sh -c "while :; do busybox sleep 1; done"';
    const name = virsh.boot({ root, os: '<inituser>4711</inituser>', init: ['/bin/sh', '-c', script] });
    await eventually(() => fs.readlinkSync(`/proc/${virsh.initPid(name)}/root`) !== '/');
    expect(exec(name, '--user', 'user', 'id', '-u').stdout).toBe('1000\n');
  });

  it('hands on standard files, whole and with their ends, through full pipes', () => {
    const name = virsh.boot();
    const input = 'x'.repeat(3_000_000);
    const line = `head -c 3000000 /dev/zero | tr '\\0' x | ${virsh.command} -q exec ${name} cat | (sleep 0.3; wc -c)`;
    expect(spawnSync('sh', ['-c', line], { env: virsh.env, encoding: 'utf8' }).stdout.trim()).toBe('3000000');
    expect(virsh.runWith({ input }, '-q', 'exec', name, 'sh', '-c', 'wc -c; echo oops >&2')).toEqual({
      status: 0,
      stdout: '3000000\n',
      stderr: 'oops\n',
    });
    // Who reads no more ends the command, as in any pipe.
    const cut = `${virsh.command} -q exec ${name} yes | head -n 1; exit "\${PIPESTATUS[0]}"`;
    expect(spawnSync('bash', ['-c', cut], { env: virsh.env, encoding: 'utf8' })).toMatchObject({ status: 141, stdout: 'y\n' });
  });

  it("on a terminal gives it one of the container's with the window's size, which it follows", async () => {
    const name = virsh.boot();
    const command = [virsh.command, '-q', 'exec', name, 'sh'].join(' ');
    const terminal = onTerminal({ command: 'sh', prefix: virsh.prefix, env: virsh.env }, '-c', `stty rows 31 columns 99; exec ${command}`);
    await terminal.until('# ');
    terminal.type('tty; stty size; test -e $(tty) && echo there\n');
    await terminal.until(/^\/dev\/pts\/\d+\n31 99\nthere$/m);
    terminal.type('sh -c \'trap "stty size; exit" WINCH; echo waits; while :; do sleep 0.1; done\'\n');
    await terminal.until(/^waits$/m);
    const own = await only('\0exec\0', name);
    const device = fs.readlinkSync(`/proc/${own}/fd/0`);
    spawnSync('stty', ['-F', device, 'rows', '40', 'columns', '120']);
    await terminal.until(/^40 120$/m);
    terminal.type('exit 5\n');
    expect(await terminal.ended()).toBe(5);
  });

  it('has a terminal where there is none with --tty', () => {
    const name = virsh.boot();
    const shown = virsh.runWith(
      { input: 'typed\n' },
      '-q',
      'exec',
      name,
      '--tty',
      'sh',
      '-c',
      'test -t 0 && test -t 1 && test -t 2; echo $?; cat',
    );
    expect(shown).toEqual({ status: 0, stdout: expect.stringMatching(/^(typed\r\n)?0\r\n(typed\r\n)+$/), stderr: '' });
  });

  it("has pipes in place of terminals with --no-tty, and nothing of the caller's terminal", async () => {
    const name = virsh.boot();
    const script = 'test -t 0 || test -t 1 || test -t 2 || echo none; ls -l /proc/$$/fd/ >/mnt/files; cat; echo ended $?; exit 3';
    const terminal = onTerminal(virsh, '-q', 'exec', name, '--no-tty', 'sh', '-c', script);
    await terminal.until('none');
    terminal.type('line\n');
    await terminal.until('line\nline\n');
    terminal.type('\x04');
    await terminal.until('ended 0');
    expect(await terminal.ended()).toBe(3);
    expect(fs.readFileSync(virsh.path('root/mnt/files'), 'utf8')).not.toMatch(/dev\/|tty|pts/);
    fs.rmSync(virsh.path('root/mnt/files'));
  });

  it('passes signals on to the command, and tells how that ended', async () => {
    const name = virsh.boot();
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
      ['SIGUSR1', 138],
      ['SIGQUIT', 131],
    ] as const) {
      const child = virsh.start({ stdio: ['pipe', 'pipe', 'inherit'] }, '-q', 'exec', name, 'sh', '-c', 'echo ready; exec sleep 997');
      const closed = once(child, 'close');
      await once(child.stdout!, 'data');
      child.kill(signal);
      expect([signal, ...(await closed)]).toEqual([signal, status, null]);
    }
    const handler = 'trap "echo caught; exit 4" TERM; echo ready; while :; do sleep 0.1; done';
    const child = virsh.start({ stdio: ['pipe', 'pipe', 'inherit'] }, '-q', 'exec', name, 'sh', '-c', handler);
    let shown = '';
    child.stdout!.on('data', (data) => {
      shown += data;
    });
    await eventually(() => shown === 'ready\n');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([4, null]);
    expect(shown).toBe('ready\ncaught\n');
  });

  it('interrupts the command once for a ^C at a terminal that it does not have', async () => {
    const name = virsh.boot();
    const script = 'n=0; trap "n=\\$((n+1)); echo caught \\$n" INT; echo ready; while test $n -lt 2; do sleep 0.1; done; echo over';
    const terminal = onTerminal(virsh, '-q', 'exec', name, '--no-tty', 'sh', '-c', script);
    await terminal.until('ready');
    terminal.type('\x03');
    await terminal.until('caught 1');
    terminal.type('\x03');
    await terminal.until('over');
    await terminal.ended();
    expect(terminal.shown().match(/caught/g)).toHaveLength(2);
  });

  it('hangs the command up when it is killed, with a terminal or without', async () => {
    const name = virsh.boot();
    const child = virsh.start({ stdio: ['pipe', 'pipe', 'inherit'] }, '-q', 'exec', name, 'sh', '-c', 'echo ready; exec sleep 996');
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await eventually(() => processesOf('sleep', '996').length === 0);
    const terminal = onTerminal(virsh, '-q', 'exec', name, 'sh', '-c', 'echo ready; exec sleep 995');
    await terminal.until('ready');
    process.kill(await only('\0exec\0', name), 'SIGKILL');
    await terminal.ended();
    await eventually(() => processesOf('sleep', '995').length === 0);
  });

  it('ends with the container', async () => {
    const name = virsh.boot();
    const child = spawn(virsh.command, ['-q', 'exec', name, 'sh', '-c', 'echo ready; sleep 994'], { env: virsh.env });
    await once(child.stdout, 'data');
    virsh.ok('destroy', name);
    expect(await once(child, 'close')).toEqual([137, null]);
  });

  it('goes on waiting for a container that is suspended meanwhile', async () => {
    const name = virsh.boot();
    const child = spawn(virsh.command, ['-q', 'exec', name, 'sh', '-c', 'echo ready; read x; exit 6'], { env: virsh.env });
    await once(child.stdout, 'data');
    virsh.ok('suspend', name);
    child.stdin.end('go\n');
    virsh.ok('resume', name);
    expect(await once(child, 'close')).toEqual([6, null]);
  });
});

const processesOf = (...argv: string[]): string[] =>
  fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid) === argv.map((word) => `${word}\0`).join(''));

/** The one process of the program whose words have both in them. */
async function only(...parts: string[]): Promise<number> {
  const found = () =>
    fs.readdirSync('/proc').filter((pid) => {
      const words = commandLine(pid);
      return /^\d+$/.test(pid) && /^[^\0]*virsh-lxc/.test(words) && parts.every((part) => words.includes(part));
    });
  await eventually(() => found().length === 1);
  return Number(found()[0]);
}

function commandLine(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it, vi } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('lxc-enter-namespace', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const enter = (name: string, ...command: string[]) => virsh.run('-q', 'lxc-enter-namespace', name, '--', ...command);

  it('runs a command in every namespace and every group of init, with the capabilities of init', () => {
    const name = virsh.boot({ more: "<features><privnet/><capabilities policy='deny'><kill state='on'/></capabilities></features>" });
    const init = virsh.initPid(name);
    const facts = enter(
      name,
      '/bin/sh',
      '-c',
      'for n in ipc mnt net pid uts user cgroup; do readlink /proc/self/ns/$n; done; grep CapBnd /proc/self/status; hostname',
    )
      .stdout.trim()
      .split('\n');
    const expected = ['ipc', 'mnt', 'net', 'pid', 'uts', 'user', 'cgroup'].map((kind) => fs.readlinkSync(`/proc/${init}/ns/${kind}`));
    expect(facts).toEqual([...expected, /^CapBnd:\s+\w+$/m.exec(fs.readFileSync(`/proc/${init}/status`, 'utf8'))![0], name]);
  });

  it("executes nothing with its root's rights in namespaces that an init without them has made", async () => {
    const root = makeRoot(fs.mkdtempSync(virsh.path('left-')));
    for (const folder of ['', 'tmp']) fs.chmodSync(path.join(root, folder), 0o777);
    const fake = 'cp /bin/busybox /tmp/sh; printf "#!/tmp/sh\\n: >/found\\n" >/tmp/true; chmod 755 /tmp/true';
    const make =
      'exec unshare -Urm /bin/sh -c \'mount -o bind /tmp /bin; : >/up; exec /bin/sh -c "while :; do read -t 1 x <>/tmp/none; done"\'';
    const name = virsh.boot({ root, os: '<inituser>user</inituser>', init: ['/bin/sh', '-c', `${fake}; mkfifo /tmp/none; ${make}`] });
    await eventually(() => fs.existsSync(path.join(root, 'up')));
    const { status, stderr } = enter(name, '/bin/true');
    expect({ status, stderr, found: fs.existsSync(path.join(root, 'found')) }).toEqual({
      status: 1,
      stderr: 'error: operation forbidden: init has left the namespaces of its container: nothing is done in those that it made\n',
      found: false,
    });
  });

  it('runs it in the groups of init', () => {
    const name = virsh.boot();
    const groups = fs.readFileSync(`/proc/${virsh.initPid(name)}/cgroup`, 'utf8');
    const running = virsh.start({}, 'lxc-enter-namespace', name, '--', '/bin/sh', '-c', 'cat /proc/self/cgroup >/mnt/groups; sleep 1000');
    const seen = (): string[] =>
      fs
        .readdirSync('/proc')
        .filter(
          (pid) =>
            /^\d+$/.test(pid) &&
            readIfThere(`/proc/${pid}/cmdline`).startsWith('sleep\u00001000') &&
            readIfThere(`/proc/${pid}/cgroup`) === groups,
        );
    return vi
      .waitFor(() => expect(seen()).toHaveLength(1), { timeout: 5000, interval: 20 })
      .then(() => {
        running.kill('SIGKILL');
        fs.rmSync(virsh.path('root/mnt/groups'));
      });
  });

  it.each([
    [['/bin/true'], 0, ''],
    [['/bin/sh', '-c', 'exit 7'], 1, 'error: internal error: Child process (PID) unexpected exit status 7\n'],
    [['/bin/sh', '-c', 'kill -9 $$'], 1, 'error: internal error: Child process (PID) unexpected fatal signal 9\n'],
    [['/bin/no-such'], 1, 'error: internal error: Child process (PID) unexpected exit status 127\n'],
    [['/etc/passwd'], 1, 'error: internal error: Child process (PID) unexpected exit status 126\n'],
  ])('tells how %j ended', (command, status, stderr) => {
    const outcome = enter(virsh.boot(), ...command);
    expect({ ...outcome, stderr: outcome.stderr.replace(/\(\d+\)/, '(PID)') }).toEqual({ status, stdout: '', stderr });
  });

  it('hands on standard files and arguments, and of the environment what tells of terminal and language', () => {
    const name = virsh.boot();
    const outcome = virsh.runWith(
      { input: 'typed\n', env: { ANSWER: '42', TERM: 'vt100' } },
      '-q',
      'lxc-enter-namespace',
      name,
      '--',
      '/bin/sh',
      '-c',
      'cat; echo "$1|$2|$ANSWER|$TERM|$container"; echo oops >&2',
      'sh',
      'two words',
      '',
    );
    expect(outcome).toEqual({ status: 0, stdout: 'typed\ntwo words|||vt100|libvirt-lxc\n', stderr: 'oops\n' });
  });

  it('leaves no descriptor of ours open in the command', () => {
    expect(enter(virsh.boot(), '/bin/sh', '-c', 'ls /proc/$$/fd; true').stdout).toBe('0\n1\n2\n');
  });

  it('passes the status on, and finds a command in PATH, with --status', () => {
    const name = virsh.boot();
    const status = (...command: string[]) => virsh.run('-q', 'lxc-enter-namespace', '--status', name, '--', ...command);
    expect(status('sh', '-c', 'exit 7')).toEqual({ status: 7, stdout: '', stderr: '' });
    expect(status('/bin/sh', '-c', 'kill -9 $$')).toEqual({ status: 137, stdout: '', stderr: '' });
    expect(status('no-such')).toEqual({ status: 127, stdout: '', stderr: '' });
  });

  it('runs it in a session of its own', () => {
    expect(enter(virsh.boot(), '/bin/sh', '-c', "cut -d' ' -f1,6 /proc/$$/stat").stdout).toMatch(/^(\d+) \1\n$/);
  });

  it("on a terminal gives it one of the container's, with job control, every key and the window's size", async () => {
    const name = virsh.boot();
    const terminal = onTerminal(virsh, '-q', 'lxc-enter-namespace', '--status', name, '--', 'sh');
    await terminal.until('# ');
    terminal.type('stty rows 31 columns 99; tty; stty size; test -e $(tty) && echo there\n');
    await terminal.until(/^\/dev\/pts\/\d+\n31 99\nthere$/m);
    terminal.type('sleep 999\n');
    await eventually(() => processesOf('sleep', '999').length > 0);
    terminal.type('\x03');
    await eventually(() => processesOf('sleep', '999').length === 0);
    terminal.type('echo status $?\n');
    await terminal.until(/^status 130$/m);
    terminal.type('stty -icanon -echo; head -c 1 | od -An -tx1; stty icanon echo\n');
    await terminal.until('stty icanon echo\n');
    await eventually(() => {
      terminal.type('\x1d');
      return / 1d$/m.test(terminal.shown());
    });
    terminal.type('\nexit 5\n');
    expect(await terminal.ended()).toBe(5);
    expect(terminal.shown()).not.toContain("can't access tty");
  });

  it("never hands the caller's terminal in, whichever of the standard files it is", async () => {
    const name = virsh.boot();
    const devices = '/bin/sh -c "for f in 0 1 2; do stat -Lc %d:%r /proc/self/fd/\\$f; done >/mnt/devices"';
    const line = (files: string) =>
      `${virsh.command} -q lxc-enter-namespace ${name} -- ${devices} ${files}; stat -Lc %d:%r /proc/self/fd/0`;
    for (const files of ['', '</dev/null', '>/dev/null', '</dev/null 2>/dev/null', '>/dev/null 2>&1']) {
      const shown = spawnSync('script', ['-qfec', line(files), '/dev/null'], {
        cwd: virsh.prefix,
        env: virsh.env,
        encoding: 'utf8',
      }).stdout;
      const callers = /\d+:\d+/.exec(shown)?.[0];
      const inside = fs.readFileSync(virsh.path('root/mnt/devices'), 'utf8').trim().split('\n');
      expect(callers).toBeDefined();
      expect({ files, inside }).not.toEqual({ files, inside: expect.arrayContaining([callers]) });
    }
    fs.rmSync(virsh.path('root/mnt/devices'));
  });

  it('is ended by a signal also while the command writes without end', async () => {
    const name = virsh.boot();
    const terminal = onTerminal(
      virsh,
      '-q',
      'lxc-enter-namespace',
      name,
      '--',
      '/bin/sh',
      '-c',
      'trap "" HUP INT TERM; while :; do echo more; done',
    );
    await terminal.until('more');
    const own = fs.readdirSync('/proc').find((pid) => readIfThere(`/proc/${pid}/cmdline`).includes(`\0lxc-enter-namespace\0${name}\0`));
    process.kill(Number(own), 'SIGTERM');
    await eventually(() => !fs.existsSync(`/proc/${own}`));
    await terminal.ended();
  });

  it("shows all of a command's output, of which standard input is no terminal, and says on a terminal what is missing", async () => {
    const name = virsh.boot();
    const shown = async (...command: string[]) => {
      const terminal = onTerminal(virsh, '-q', 'lxc-enter-namespace', name, '--', ...command);
      await terminal.ended();
      return terminal.shown();
    };
    const numbers = Array.from({ length: 5000 }, (_, i) => `${i + 1}\n`).join('');
    expect(await shown('/bin/seq', '5000')).toBe(numbers);
    expect(await shown('no-such')).toContain('no such file in the container: no-such');
    const line = `${virsh.command} -q lxc-enter-namespace ${name} -- /bin/seq 5000 </dev/null`;
    const { stdout } = spawnSync('script', ['-qfec', line, '/dev/null'], { cwd: virsh.prefix, env: virsh.env, encoding: 'utf8' });
    expect(stdout.replaceAll('\r\n', '\n')).toBe(numbers);
  });

  it('fails at once where the domain is paused', () => {
    const name = virsh.boot();
    virsh.ok('suspend', name);
    expect(virsh.error('lxc-enter-namespace', name, '--', '/bin/true')).toEqual(['Requested operation is not valid: domain is paused']);
  });

  it('wants a domain that runs', () => {
    const name = virsh.define();
    expect(virsh.error('lxc-enter-namespace', name, '--', '/bin/true')).toEqual([
      'Requested operation is not valid: domain is not running',
    ]);
  });
});

const processesOf = (...argv: string[]): string[] =>
  fs
    .readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && readIfThere(`/proc/${pid}/cmdline`) === argv.map((word) => `${word}\0`).join(''));

const readIfThere = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
};

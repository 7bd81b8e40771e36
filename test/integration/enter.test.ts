import fs from 'node:fs';
import { expect, it, vi } from 'vitest';
import { suite } from '../helpers/requires.ts';
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

const readIfThere = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
};

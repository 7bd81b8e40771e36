// virt-host-validate: beside libvirt's program where that is installed, and what is ours of it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const OURS = path.join(ROOT, 'dist/virt-host-validate');
const THEIRS = '/usr/bin/virt-host-validate';
const NAME = 'virt-host-validate';

/** What a host may lack: done in a mount namespace of its own, before the program is run there. */
const HOSTS = {
  'as it is': ':',
  'without FUSE': 'mount -t tmpfs none /sys/fs/fuse',
  'without a version 1 freezer': 'umount /sys/fs/cgroup/freezer 2>/dev/null || :',
  'without cgroup version 1': 'umount -a -t cgroup',
  'without a cgroup2 mount': 'umount -a -t cgroup2',
  'without cgroups': 'umount -a -t cgroup,cgroup2',
};

/** Runs the programs by one name, with a store of their own. */
function runner() {
  const virsh = useVirsh();
  const run = (program: string, args: readonly string[], prepare = ':') => {
    const script = `${prepare}; exec -a ${NAME} ${program} "$@"`;
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'bash', '-c', script, 'bash', ...args], {
      encoding: 'utf8',
      env: virsh.env,
    });
    return { status, stdout, stderr };
  };
  const setLevel = (level: string) => virsh.file('etc/libvirt/lxc.conf', `security_level = "${level}"\n`);
  return { run, setLevel };
}

suite(`${NAME} beside libvirt's`, ['root', 'built', 'virt_host_validate'], () => {
  const { run, setLevel } = runner();

  describe.each(Object.entries(HOSTS))('on a host %s', (_, prepare) => {
    it("begins with libvirt's lines, and at level libvirt has no others", () => {
      const reference = run(THEIRS, ['lxc'], prepare);
      expect(reference.stdout).toContain('   LXC: Checking ');
      setLevel('libvirt');
      for (const args of [['lxc'], ['lxc', '-q']]) expect(run(OURS, args, prepare)).toEqual(run(THEIRS, args, prepare));
      setLevel('default');
      const { status, stdout, stderr } = run(OURS, [], prepare);
      const own = stdout.slice(reference.stdout.length);
      expect([stdout.slice(0, reference.stdout.length), stderr]).toEqual([reference.stdout, reference.stderr]);
      expect(own).toMatch(/^( {3}LXC: Checking .{60}: (PASS|(WARN|FAIL) \(.*\))\n){10,}$/);
      expect(status).toBe(own.includes(': FAIL (') ? 1 : reference.status);
    });
  });

  const COMMAND_LINES = ['foo', 'LXC', '-', '-v', '--version', '--ver', '-qv', '-vx', '-q foo', 'lxc a', '-q lxc a', 'lxc -- -q'];
  it.each(COMMAND_LINES)('takes %s as libvirt does', (line) => {
    setLevel('libvirt');
    expect(run(OURS, line.split(' '))).toEqual(run(THEIRS, line.split(' ')));
  });

  /** The table of options has one more, that of hypervisors fewer. */
  const withoutTables = (text: string) => text.replace(/^ {3}-.*\n/gm, '');
  const WITH_USAGE = ['-h', '--help', '-hx', '-x', '-xh', '-qV', '--bogus', '--bogus=1', '--help=3', '--q=1', 'lxc a b', 'lxc -- a b'];
  it.each(WITH_USAGE)('takes %s as libvirt does, but for its tables', (line) => {
    const [ours, theirs] = [OURS, THEIRS].map((program) => {
      const { status, stdout, stderr } = run(program, line.split(' '));
      return { status, stdout: withoutTables(stdout), stderr: withoutTables(stderr) };
    });
    expect(ours).toEqual(theirs);
  });
});

suite(NAME, ['root', 'built'], () => {
  const { run, setLevel } = runner();

  it('tells its options', () => {
    expect(run(OURS, ['-h'])).toEqual({
      status: 0,
      stdout: `
syntax: ${NAME} [OPTIONS] [HVTYPE]

 Hypervisor types:

   - lxc

 Options:
   -h, --help     Display command line help
   -v, --version  Display command version
   -q, --quiet    Don't display progress information
   -c, --containers N  Check that the limits allow N containers

`,
      stderr: '',
    });
  });

  it('fails where the limits do not allow as many containers as were asked for', () => {
    setLevel('libvirt');
    const few = run(OURS, ['--containers=1', 'lxc']);
    expect(few.stdout).toMatch(/^ {3}LXC: Checking kernel\.pty\.max for 1 containers +: PASS$/m);
    const many = run(OURS, ['-c999999', 'lxc']);
    expect(many.status).toBe(1);
    expect(many.stdout).toMatch(
      /^ {3}LXC: Checking kernel\.pty\.max for 999999 containers +: FAIL \(Set kernel\.pty\.max to \d+ or more,/m,
    );
    expect(run(OURS, ['-q', '-c', '999999'])).toEqual({ status: 1, stdout: '', stderr: '' });
  });

  it.each([
    ['-c', "option requires an argument -- 'c'"],
    ['--containers', "option '--containers' requires an argument"],
    ['-c0', "'0' is no number of containers"],
    ['--cont=many', "'many' is no number of containers"],
  ])('says what is wrong with %s', (argument, message) => {
    const { status, stdout, stderr } = run(OURS, [argument]);
    expect([status, stdout, stderr.split('\n')[0]]).toEqual([1, '', `${NAME}: ${message}`]);
  });

  it('says in one line what is wrong with lxc.conf', () => {
    setLevel('none');
    const { status, stdout, stderr } = run(OURS, ['lxc']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: .*lxc\.conf.*security_level\n$/);
  });
});

suite(`${NAME} on a terminal`, ['root', 'built', 'script'], () => {
  const virsh = useVirsh();

  it.each([
    ['is coloured', {}, '\u001b[32mPASS\u001b[0m'],
    ['is not with NO_COLOR', { NO_COLOR: '1' }, 'PASS'],
  ])('%s', async (_, more, word) => {
    const terminal = onTerminal({ command: OURS, prefix: virsh.prefix, env: { ...virsh.env, ...more } }, 'lxc');
    await terminal.ended();
    const [first] = terminal.shown().split('\n');
    expect(first).toBe(`   LXC: Checking for Linux >= 2.6.26                                         : ${word}`);
  });
});

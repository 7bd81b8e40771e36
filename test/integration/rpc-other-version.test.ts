// libvirt's own clients of another version than the host's, in the root directory of another system: LIBVIRT_CLIENTS_ROOT, in which
// Debian's libvirt-clients and python3-libvirt are installed. They are to say what those here say.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { type Outcome, useVirsh, type Virsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

/** Has the test's store at the same path there, in a mount namespace of its own. */
const THERE = `set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/mnt"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/tmp"
mkdir -p "$1$2"
mount --bind "$2" "$1$2"
root=$1
shift 2
exec chroot "$root" "$@"`;

const words = (virsh: Virsh, command: readonly string[]) => [
  ...['-m', 'sh', '-c', THERE, 'sh', process.env['LIBVIRT_CLIENTS_ROOT'] ?? '', virsh.prefix],
  ...command,
];
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', LC_ALL: 'C', TERM: 'dumb' };

suite('clients of another version', ['root', 'built', 'busybox', 'fuse', 'libvirt_clients', 'other_clients'], () => {
  const virsh = useVirsh();

  function there(...command: string[]): Outcome {
    const { status, stdout, stderr, error } = spawnSync('unshare', words(virsh, command), {
      encoding: 'utf8',
      input: '',
      timeout: 60_000 * SLOWNESS,
      env: ENV,
    });
    if (error) throw error;
    return { status, stdout, stderr };
  }

  it('are told the same', async () => {
    using server = await WireServer.listen(virsh);
    const file = virsh.file('new.xml', virsh.xml(virsh.name()));
    const theirs = (...args: string[]) => there('virsh', '-c', server.uri, ...args);
    expect(theirs('--version').stdout).not.toBe(server.virsh('--version').stdout);
    expect(theirs('define', file)).toMatchObject({ status: 0, stderr: '' });
    const [on, off] = [virsh.boot(), virsh.define()];
    for (const command of ['suspend', 'resume', 'reset']) {
      const { status } = theirs(command, on);
      expect([command, status]).toEqual([command, command === 'reset' ? 1 : 0]);
    }
    for (const line of [
      ...['list --all', 'list --inactive --name', 'dominfo OFF', 'domstate ON --reason', 'dumpxml ON', 'dumpxml OFF --inactive'],
      ...['domstats OFF', 'domstats ON --state --vcpu', 'schedinfo ON', 'memtune ON', 'blkiotune ON', 'vcpupin ON', 'domiflist ON'],
      ...['domblklist ON', 'desc OFF a b', 'desc OFF', 'setmem ON 32M --live', 'autostart OFF', 'nodeinfo'],
      ...['capabilities', 'domcapabilities', 'net-list --all', 'pool-list --all', 'nodedev-list', 'uri', 'hostname', 'ttyconsole ON'],
      ...['snapshot-list ON', 'migrate ON lxc:///', 'screenshot ON', 'dominfo nosuch', 'start ON', 'undefine nosuch', 'define /nosuch'],
    ]) {
      const args = line.split(' ').map((word) => ({ ON: on, OFF: off })[word] ?? word);
      const [said, expected] = [theirs, server.virsh.bind(server)].map((run) => {
        const { status, stdout, stderr } = run(...args);
        return { line, status, stdout: stdout.trim(), failed: stderr !== '' }; // the words of a failure are the client's
      });
      expect(said).toEqual(expected);
    }
  });

  it('hear of what happens', async () => {
    using server = await WireServer.listen(virsh);
    const name = virsh.define();
    const args = words(virsh, ['virsh', '-c', server.uri, 'event', '--domain', name, '--event', 'lifecycle', '--loop', '--timeout', '60']);
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'], env: ENV });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    await server.lastPid(1);
    // It may not have asked for events yet.
    await eventually(() => {
      virsh.ok('start', name);
      virsh.ok('destroy', name);
      return said.includes('Stopped Destroyed');
    }, 20_000);
    child.kill('SIGINT');
    await once(child, 'close');
    expect(said).toContain(`event 'lifecycle' for domain '${name}': Started Booted\n`);
  });

  it('talk to a console', async () => {
    using server = await WireServer.listen(virsh);
    const name = virsh.boot({ init: ['/bin/sh'] });
    const program = virsh.file(
      'console.py',
      `import libvirt, sys
c = libvirt.open(sys.argv[1])
s = c.newStream(0)
c.lookupByName(sys.argv[2]).openConsole(None, s, 0)
s.send(b"echo hi-$((6*7))\\n")
heard = b""
while b"hi-42" not in heard: heard += s.recv(1000)
s.abort()
print("heard")
`,
    );
    expect(there('python3', program, server.uri, name)).toEqual({ status: 0, stdout: 'heard\n', stderr: '' });
  });
});

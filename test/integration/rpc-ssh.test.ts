// Other hosts by ssh: a real sshd of the test's own on this one, libvirt's clients and our command line on the near side, and what
// each of them looks for on the far side.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { ROOT, requires, suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { type Outcome, useVirsh, type Virsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

/** Where sshd wants an empty directory. */
const PRIVSEP = '/run/sshd';

/** A daemon that lets in whoever has the test's key, as root, and knows of the test's store. */
class Sshd implements Disposable {
  readonly port: number;
  readonly #virsh: Virsh;
  readonly #daemon: ChildProcess;
  readonly #privsep = !fs.existsSync(PRIVSEP);

  private constructor(virsh: Virsh, port: number) {
    this.#virsh = virsh;
    this.port = port;
    if (this.#privsep) fs.mkdirSync(PRIVSEP, { mode: 0o755 });
    for (const name of ['host_key', 'key', 'stranger'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', virsh.path(name)]);
    const publicKey = (name: string) => fs.readFileSync(virsh.path(`${name}.pub`), 'utf8');
    virsh.file('authorized_keys', publicKey('key'));
    virsh.file('known_hosts', `[127.0.0.1]:${port} ${publicKey('host_key')}`);
    virsh.file('no_hosts', '');
    // What is in the PATH there; libvirt's own helper may be there, too, but later.
    for (const name of ['virsh-lxc', 'virt-ssh-helper'])
      virsh.file(
        `bin/${name}`,
        `#!/bin/sh\necho "${name} $*" >>${virsh.path('far.log')}\nexec ${path.join(ROOT, 'dist', name)} "$@"\n`,
        0o755,
      );
    const config = virsh.file(
      'sshd_config',
      `Port ${port}
ListenAddress 127.0.0.1
HostKey ${virsh.path('host_key')}
AuthorizedKeysFile ${virsh.path('authorized_keys')}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
SetEnv VIRSH_LXC_PREFIX=${virsh.prefix} PATH=${virsh.path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin
`,
    );
    this.#daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], {
      stdio: ['ignore', 'ignore', fs.openSync(virsh.path('sshd.log'), 'a')],
    });
  }

  static async start(virsh: Virsh): Promise<Sshd> {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as net.AddressInfo;
    probe.close();
    const sshd = new Sshd(virsh, port);
    await eventually(() => fs.readFileSync(virsh.path('sshd.log'), 'utf8').includes('Server listening'), 20_000);
    return sshd;
  }

  /** An ssh that knows these hosts and no others, of whoever runs the test nothing: as a command, or as `ssh` in the PATH. */
  ssh(knownHosts: string, name = `ssh-${knownHosts}`): string {
    const options = `-F none -o IdentitiesOnly=yes -o IdentityAgent=none -o UserKnownHostsFile=${this.#virsh.path(knownHosts)}`;
    return this.#virsh.file(name, `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`, 0o755);
  }

  /** The last command that was asked for on the far side. */
  get asked(): string {
    return fs.readFileSync(this.#virsh.path('far.log'), 'utf8').trim().split('\n').at(-1)!;
  }

  [Symbol.dispose](): void {
    this.#daemon.kill('SIGKILL');
    if (this.#privsep) fs.rmSync(PRIVSEP, { recursive: true, force: true });
  }
}

suite('by ssh', ['root', 'built', 'busybox', 'fuse', 'libvirt_clients', 'sshd'], () => {
  const virsh = useVirsh();
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await Sshd.start(virsh);
    sshd.ssh('known_hosts', 'near/ssh');
  });
  afterAll(() => sshd?.[Symbol.dispose]());

  const uri = (...parameters: string[]) =>
    `lxc+ssh://root@127.0.0.1:${sshd.port}/?${['keyfile=' + virsh.path('key'), ...parameters].join('&')}`;
  /** With the test's `ssh` in the PATH, and nothing that says where the store is. */
  function run(program: string, ...args: string[]): Outcome {
    const env = { PATH: `${virsh.path('near')}:${process.env['PATH']}`, HOME: virsh.prefix, LC_ALL: 'C', TERM: 'dumb' };
    const options = { cwd: virsh.prefix, env, encoding: 'utf8', input: '', timeout: 60_000 * SLOWNESS } as const;
    const { status, stdout, stderr, error } = spawnSync(program, args, options);
    if (error) throw error;
    return { status, stdout, stderr };
  }
  const OURS = path.join(ROOT, 'dist/virsh-lxc');
  const theirs = (to: string, ...args: string[]) => run('/usr/bin/virsh', '-c', to, ...args);
  const ours = (to: string, ...args: string[]) => run(OURS, '-c', to, ...args);

  it('both command lines reach what is there', () => {
    const name = virsh.define();
    expect(ours(uri(), 'list', '--all', '--name')).toEqual({ status: 0, stdout: `${name}\n\n`, stderr: '' });
    expect(sshd.asked).toMatch(/^virsh-lxc .* -c lxc:\/\/\/ list --all --name$/);
    expect(theirs(uri(), 'list', '--all', '--name')).toEqual({ status: 0, stdout: `${name}\n\n`, stderr: '' });
    expect(sshd.asked).toBe('virt-ssh-helper lxc:///');
    expect(theirs(uri(), 'start', name)).toMatchObject({ status: 0, stderr: '' });
    expect(ours(uri(), 'domstate', name)).toMatchObject({ status: 0, stdout: 'running\n\n' });
    expect(ours(uri(), 'destroy', name)).toMatchObject({ status: 0, stderr: '' });
    expect(virsh.state(name)).toBe('shut off (destroyed)');
    expect(theirs(uri(), '-r', 'list').status).toBe(0);
  });

  it('leads a session there, and back', () => {
    const name = virsh.define();
    const session = (...lines: string[]) => {
      const env = { PATH: `${virsh.path('near')}:${process.env['PATH']}`, HOME: virsh.prefix, VIRSH_LXC_PREFIX: virsh.path('here') };
      return spawnSync(OURS, ['-q'], { env, encoding: 'utf8', input: lines.join('\n'), timeout: 60_000 * SLOWNESS });
    };
    const { stdout, stderr } = session(
      ...['list --all --name', `connect ${uri()}`, 'list --all --name', `desc ${name} "it's \\"here\\"  ;" two`, `desc ${name}`],
      ...['echo near', 'domid nosuch', `connect ${uri()} --readonly`, `start ${name}`, 'connect lxc:///', `domstate ${name}`],
    );
    expect(stdout.replaceAll(/virsh [#>] /g, '> ').split('\n')).toEqual([
      ...['> list --all --name', `> connect ${uri()}`, '> list --all --name', name, `> desc ${name} "it's \\"here\\"  ;" two`],
      ...[`> desc ${name}`, 'it\'s "here"  ; two> echo near', 'near> domid nosuch', `> connect ${uri()} --readonly`, `> start ${name}`],
      ...['> connect lxc:///', `> domstate ${name}`, '> ', ''],
    ]);
    expect(stderr.split('\n').filter(Boolean)).toEqual([
      "error: failed to get domain 'nosuch'",
      `error: Failed to start domain '${name}'`,
      expect.stringContaining('read only access prevents'),
      `error: failed to get domain '${name}'`,
    ]);
  });

  it.skipIf(requires('script'))('leads a session at a terminal there, and to a console', async () => {
    const name = virsh.boot({ init: ['/bin/sh'] });
    const env = {
      PATH: `${virsh.path('near')}:${process.env['PATH']}`,
      HOME: virsh.prefix,
      TERM: 'dumb',
      VIRSH_LXC_PREFIX: virsh.path('here'),
    };
    const terminal = onTerminal({ command: OURS, prefix: virsh.prefix, env }, '-q');
    // What is typed while a command runs there is its own.
    for (const [typed, seen] of [
      ['', /^virsh # $/],
      [`connect ${uri()}\n`, /key\n+virsh # $/],
      ['list --name\n', new RegExp(`\\n${name}\\n+virsh # $`)],
      [`console ${name}\n`, /~ # /],
      ['echo hi-$((6*7))\n', /\nhi-42\n/],
      ['\x1d', /virsh # $/],
    ] as const) {
      terminal.type(typed);
      await terminal.until(seen, 20_000);
    }
    terminal.type('quit\n');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).not.toContain('closed');
  });

  it('leads a session nowhere else', () => {
    const refused = run(OURS, `connect ${uri().replace(virsh.path('key'), virsh.path('stranger'))}; echo here`);
    expect(refused).toMatchObject({ status: 0, stderr: expect.stringContaining("no connection to '127.0.0.1' by ssh") });
    expect(refused.stdout).toContain('here\n');
  });

  it('looks, and changes nothing', () => {
    const name = virsh.define();
    const readonly = run('/usr/bin/virsh', '-r', '-c', uri(), 'start', name);
    expect(readonly).toMatchObject({ status: 1, stderr: expect.stringContaining('read only access prevents virDomainCreate') });
    expect(sshd.asked).toBe('virt-ssh-helper -r lxc:///');
    expect(run(OURS, '-r', '-c', uri(), 'start', name).stderr).toBe(readonly.stderr);
  });

  it('takes the host’s key as it was told to', () => {
    const strange = (...parameters: string[]) => uri(`command=${sshd.ssh('no_hosts')}`, ...parameters);
    for (const client of [ours, theirs]) {
      fs.writeFileSync(virsh.path('no_hosts'), '');
      expect(client(strange('no_tty=1'), 'list')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('Host key verification failed'),
      });
      expect(client(strange('no_verify=1'), 'list').status).toBe(0);
    }
  });

  it('is let in by its key alone', () => {
    const other = uri().replace(virsh.path('key'), virsh.path('stranger'));
    const refused = ours(other, 'list');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('Permission denied (publickey');
    expect(refused.stderr).toContain("error: operation failed: no connection to '127.0.0.1' by ssh\n");
    expect(theirs(other, 'list')).toMatchObject({ status: 1, stderr: expect.stringContaining('Permission denied (publickey') });
  });

  it('takes what libvirt’s clients are told of the far side', () => {
    for (const parameter of ['proxy=native', 'proxy=auto', 'proxy=netcat', 'netcat=nc', 'mode=auto'])
      expect(ours(uri(parameter), 'list').status, parameter).toBe(0);
    expect(theirs(uri('proxy=native'), 'list').status).toBe(0);
    expect(ours(uri('name=lxc:///system'), 'uri').stdout).toBe('lxc:///system\n\n');
  });

  it.each(['libssh', 'libssh2'])('is reached by %s of libvirt’s, which is no program', (transport) => {
    const name = virsh.define();
    const to = uri('sshauth=privkey', `known_hosts=${virsh.path('known_hosts')}`, 'known_hosts_verify=normal');
    expect(theirs(to.replace('lxc+ssh:', `lxc+${transport}:`), 'domstate', name)).toEqual({
      status: 0,
      stdout: 'shut off\n\n',
      stderr: '',
    });
    expect(sshd.asked).toBe('virt-ssh-helper lxc:///');
  });

  it.skipIf(!fs.existsSync('/usr/bin/nc'))('goes by a socket that is there', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    const answer = theirs(uri('proxy=netcat', 'netcat=/usr/bin/nc', `socket=${server.socket}`), 'domstate', name);
    expect(answer).toMatchObject({ status: 0, stdout: 'shut off\n\n' });
    await server.lastPid(1);
  });

  it.skipIf(requires('python3_libvirt'))('has python hear of what happens there', async () => {
    const name = virsh.define();
    const program = `import libvirt, sys
libvirt.virEventRegisterDefaultImpl()
c = libvirt.open(${JSON.stringify(uri())})
events = []
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lambda c, d, *what: events.append((d.name(), what[0], what[1])), None)
d = c.lookupByName(${JSON.stringify(name)})
d.create()
d.destroy()
while len(events) < 2: libvirt.virEventRunDefaultImpl()
print(*events, sep='\\n')
`;
    expect(run('/usr/bin/python3', '-c', program)).toMatchObject({
      status: 0,
      stdout: `('${name}', 2, 0)\n('${name}', 5, 1)\n`,
      stderr: '',
    });
  });
});

// libvirt's own virsh with this program at the other end: over lxc+ext, and by ssh to a host that is this one.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, expect, it } from 'vitest';
import { wireError } from '../../src/rpc/errors.ts';
import { encodeFrame, FRAME_MAX, type Frame, FrameReader, type Header, KIND, STATUS } from '../../src/rpc/frame.ts';
import { XdrReader, type XdrWriter } from '../../src/rpc/xdr.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { type Outcome, useVirsh, type Virsh } from '../helpers/virsh.ts';
import { anonymousKiB, REMOTE, SERVER } from '../helpers/wire.ts';

/** libvirt's library hands no variable of ours to what it starts. */
function script(virsh: Virsh, name: string, text: string): string {
  const file = virsh.file(name, `#!/bin/sh\nexport VIRSH_LXC_PREFIX=${virsh.prefix}\n${text}\n`);
  fs.chmodSync(file, 0o755);
  return file;
}

const documentOf = (virsh: Virsh, name: string): string => virsh.file(`${name}.xml`, virsh.xml(name));

function client(virsh: Virsh, uri: string): (...args: string[]) => Outcome {
  const env = { PATH: process.env['PATH'] ?? '', HOME: virsh.prefix, LC_ALL: 'C', TERM: 'dumb' };
  return (...args) => {
    const { status, stdout, stderr, error } = spawnSync('/usr/bin/virsh', ['-c', uri, ...args], {
      ...{ input: '', encoding: 'utf8', cwd: virsh.prefix, timeout: 60_000 * SLOWNESS, env },
    });
    if (error) throw error;
    return { status, stdout, stderr };
  };
}

/** Of a domain that runs, and of one that does not. */
const QUESTIONS = [
  'list --all',
  'list --all --uuid',
  'list --inactive --name',
  'dominfo OFF',
  'domstate ON --reason',
  'domid ON',
  'dumpxml ON',
  'dumpxml OFF',
  'dumpxml ON --inactive',
  'memtune ON',
  'memtune OFF --config',
  'blkiotune ON',
  'schedinfo ON',
  'numatune ON',
  'vcpupin ON',
  'emulatorpin ON',
  'emulatorpin OFF --config',
  'domiflist ON',
  'domblklist ON',
  'ttyconsole ON',
  'domstats OFF',
  'domstats ON --vcpu --state',
  'domcontrol ON',
  'domjobinfo ON',
  'desc ON',
  'metadata ON urn:x',
  'domhostname ON',
  'domifaddr ON',
  'net-list --all',
  'net-info default',
  'net-dumpxml default',
  'net-dhcp-leases default',
  'nodeinfo',
  'hostname',
  'capabilities',
  'domcapabilities',
  'maxvcpus',
  'nodecpumap',
  'node-memory-tune',
  'version',
  'dominfo nosuch',
  'net-info nosuch',
  'start ON',
  'destroy OFF',
  'domrename ON other',
  'define /dev/null',
  'setmem OFF 999999 --config',
  'save ON /tmp/x',
  'snapshot-list ON',
  'screenshot ON',
];

suite("libvirt's virsh over lxc+ext", ['root', 'built', 'fuse', 'libvirt_clients'], () => {
  const virsh = useVirsh();
  let run: ReturnType<typeof client>;
  beforeAll(() => {
    run = client(virsh, `lxc+ext:///?command=${script(virsh, 'rpc', `exec ${SERVER}`)}`);
  });

  it('a domain lives', () => {
    const name = virsh.name();
    const file = documentOf(virsh, name);
    const lines = [
      ['define', file],
      ['start', name],
      ['suspend', name],
      ['domstate', name, '--reason'],
      ['resume', name],
      ['autostart', name],
      ['setmem', name, '60000'],
      ['destroy', name],
      ['domstate', name, '--reason'],
      ['undefine', name],
    ];
    const said = lines.map((line) => run(...line)).map(({ status, stdout, stderr }) => [status, stdout.trim(), stderr]);
    expect(said).toEqual(
      [
        `Domain '${name}' defined from ${file}`,
        `Domain '${name}' started`,
        `Domain '${name}' suspended`,
        'paused (user)',
        `Domain '${name}' resumed`,
        `Domain '${name}' marked as autostarted`,
        '',
        `Domain '${name}' destroyed`,
        'shut off (destroyed)',
        `Domain '${name}' has been undefined`,
      ].map((line) => [0, line, '']),
    );
  });

  it('says of everything what we say', () => {
    const on = virsh.boot({});
    const off = virsh.define({});
    virsh.ok('net-list'); // which makes the network default
    const plain = ({ status, stdout, stderr }: Outcome) => ({ status, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() });
    for (const line of QUESTIONS) {
      const words = line.split(' ').map((word) => (word === 'ON' ? on : word === 'OFF' ? off : word));
      expect.soft(plain(run(...words)), line).toEqual(plain(virsh.run(...words)));
    }
  });

  it('pins the controller, and takes a device off by its alias', () => {
    const on = virsh.boot({});
    expect(run('emulatorpin', on, '0').status).toBe(0);
    expect(virsh.ok('emulatorpin', on)).toMatch(/\*: 0\n/);
    virsh.ok(
      'attach-device',
      on,
      virsh.file('k.xml', "<hostdev mode='capabilities' type='misc'><source><char>/dev/kmsg</char></source></hostdev>"),
    );
    expect(run('detach-device-alias', on, 'hostdev0', '--live').stdout).toContain('Device detach request sent successfully');
    expect(virsh.ok('dumpxml', on)).not.toContain('/dev/kmsg');
    expect(run('detach-device-alias', on, 'hostdev0', '--live').stderr).toBe(
      virsh.run('detach-device-alias', on, 'hostdev0', '--live').stderr,
    );
  });

  it('is sent what it sent, in whatever script', () => {
    const name = virsh.name('-ÿé日本');
    expect(run('define', documentOf(virsh, name)).status).toBe(0);
    expect(run('desc', name, '日本 & <b>').status).toBe(0);
    expect(run('desc', name).stdout.trim()).toBe('日本 & <b>');
    expect(run('list', '--all', '--name').stdout.split('\n')).toContain(name);
  });

  it('is told of all domains but one that is damaged, and of as many as it is sent', () => {
    const name = virsh.define({});
    const damaged = virsh.file('etc/libvirt/lxc/damaged.xml', 'no domain');
    try {
      expect(run('list', '--all', '--name')).toEqual({ status: 0, stdout: `${name}\n\n`, stderr: '' });
    } finally {
      fs.rmSync(damaged);
    }
  });

  it('that may only read changes nothing', () => {
    const on = virsh.boot({});
    expect(run('-r', 'destroy', on).stderr).toContain('operation forbidden: read only access prevents virDomainDestroy');
    expect(run('-r', 'domstate', on).stdout.trim()).toBe('running');
  });

  it('ends its own domains with it', async () => {
    const name = virsh.name();
    virsh.ok('define', documentOf(virsh, name));
    expect(run(`start ${name} --autodestroy; domstate ${name}`).stdout).toContain('running');
    await virsh.waitForState(name, 'shut off (destroyed)');
  });
});

suite("libvirt's virsh, and ours, by ssh", ['root', 'built', 'fuse', 'libvirt_clients'], () => {
  const virsh = useVirsh();
  let ssh = '';
  beforeAll(() => {
    fs.mkdirSync(virsh.path('bin'));
    for (const name of ['virsh-lxc', 'virt-ssh-helper']) script(virsh, `bin/${name}`, `exec ${path.join(ROOT, 'dist', name)} "$@"`);
    ssh = script(
      virsh,
      'ssh',
      `echo "$*" >>${virsh.path('ssh.log')}
while [ "$1" != -- ]; do shift; done
[ "$2" = nowhere ] && exit 255
shift 2
export PATH=${virsh.path('bin')}:$PATH
exec sh -c "$*"`,
    );
  });

  it('reach what is there', () => {
    const name = virsh.boot({});
    const theirs = client(virsh, `lxc+ssh://root@there:2222/?command=${ssh}`);
    expect(theirs('list', '--name').stdout.trim()).toBe(name);
    const ours = (...args: string[]) => virsh.run('-c', `lxc+ssh://root@there:2222/?command=${ssh}`, ...args);
    expect(ours('list', '--name')).toEqual({ status: 0, stdout: `${name}\n\n`, stderr: '' });
    expect(ours('desc', name, "it's $HOME; \\")).toMatchObject({ status: 0, stderr: '' });
    expect(virsh.ok('desc', name).trim()).toBe("it's $HOME; \\");
    expect(ours('dominfo', 'nosuch')).toMatchObject({ status: 1, stderr: expect.stringContaining("failed to get domain 'nosuch'") });
    expect(fs.readFileSync(virsh.path('ssh.log'), 'utf8')).toMatch(/^-p 2222 -l root -T -- there /m);
    expect(virsh.runWith({ env: { LIBVIRT_DEFAULT_URI: `lxc+ssh://there/?command=${ssh}` } }, 'domid', name).status).toBe(0);
  });

  it('say that it cannot be reached', () => {
    expect(virsh.error('-c', `lxc+ssh://nowhere/?command=${ssh}`, 'list')).toEqual([
      'failed to connect to the hypervisor',
      "operation failed: no connection to 'nowhere' by ssh",
    ]);
    expect(virsh.error('-c', 'lxc+ssh://there/?command=/nosuch', 'list')).toEqual([
      'failed to connect to the hypervisor',
      'operation failed: cannot execute binary /nosuch: No such file or directory',
    ]);
    expect(virsh.error('-c', 'lxc+ssh://-oProxyCommand=x/', 'list')[1]).toMatch(/^internal error: Unable to parse URI /);
  });
});

/** A client that sends what it likes to a server of its own. */
class Raw implements Disposable {
  readonly child;
  readonly frames: Frame[] = [];
  status: number | null | undefined;
  readonly #reader = new FrameReader(() => Number.POSITIVE_INFINITY);
  #serial = 0;

  constructor(virsh: Virsh) {
    this.child = spawn(SERVER, [], { env: virsh.env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.on('data', (data: Buffer) => this.frames.push(...this.#reader.push(Buffer.from(data))));
    this.child.stdin.on('error', () => {});
    this.child.on('exit', (status) => {
      this.status = status;
    });
  }

  async write(bytes: Buffer): Promise<void> {
    if (!this.child.stdin.write(bytes)) await Promise.race([once(this.child.stdin, 'drain'), once(this.child, 'exit')]);
  }

  async call(procedure: number, write: (to: XdrWriter) => void = () => {}, changes: Partial<Header> = {}): Promise<Frame> {
    const serial = ++this.#serial;
    const header = { program: REMOTE, version: 1, procedure, kind: KIND.call, serial, status: STATUS.ok, ...changes };
    await this.write(encodeFrame(header, write));
    const answer = (): Frame | undefined => this.frames.find((frame) => frame.header.serial === serial);
    await eventually(() => answer() !== undefined, 15_000 * SLOWNESS);
    return answer()!;
  }

  open(flags = 0): Promise<Frame> {
    return this.call(1, (to) => {
      to.uint(1);
      to.text('lxc:///');
      to.uint(flags);
    });
  }

  async end(): Promise<number | null> {
    if (this.status === undefined) await once(this.child, 'exit');
    return this.status!;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

const messageOf = (frame: Frame): string | undefined => wireError.read(new XdrReader(frame.payload!)).message;

/** Whether it has what it waits with for more than its client's next call. */
const hasKoffi = ({ child }: Raw) => fs.readFileSync(`/proc/${child.pid}/maps`, 'latin1').includes('/koffi.node');

suite('a server of one client', ['root', 'built'], () => {
  const virsh = useVirsh();

  it('ends without a word when its client is gone, wherever that was', async () => {
    const whole = encodeFrame({ program: REMOTE, version: 1, procedure: 66, kind: 0, serial: 1, status: 0 }, () => {});
    for (const bytes of [Buffer.alloc(0), whole.subarray(0, 3), whole.subarray(0, 27), Buffer.concat([whole, whole.subarray(0, 20)])]) {
      using raw = new Raw(virsh);
      await raw.write(bytes);
      raw.child.stdin.end();
      expect(await raw.end()).toBe(0);
    }
  });

  it.each([0, 27, FRAME_MAX + 1, 0xffffffff])('ends at a length of %d', async (length) => {
    using raw = new Raw(virsh);
    const bytes = Buffer.alloc(28);
    bytes.writeUInt32BE(length);
    await raw.write(bytes);
    expect(await raw.end()).toBe(0);
  });

  it('holds nothing of a call that is longer than any may be, answers with an error, and goes on', async () => {
    using raw = new Raw(virsh);
    await raw.open();
    const before = anonymousKiB(raw.child.pid!);
    const header = { program: REMOTE, version: 1, procedure: 11, kind: KIND.call, serial: 1000, status: STATUS.ok };
    const start = encodeFrame(header, () => {});
    start.writeUInt32BE(FRAME_MAX);
    await raw.write(start);
    const piece = Buffer.alloc(1 << 20);
    for (let left = FRAME_MAX - 28; left > 0; left -= piece.length) await raw.write(piece.subarray(0, left));
    await eventually(() => raw.frames.some((frame) => frame.header.serial === 1000));
    expect(messageOf(raw.frames.find((frame) => frame.header.serial === 1000)!)).toBe('Unable to decode message payload');
    expect(anonymousKiB(raw.child.pid!) - before).toBeLessThan(4096);
    expect((await raw.call(3)).header.status).toBe(STATUS.ok);
  });

  it('loads no more for who only asks what there is than that takes', async () => {
    const listed = (to: XdrWriter) => {
      to.int(1);
      to.uint(3);
    };
    // It may be too slow for it, as may we.
    await eventually(async () => {
      using raw = new Raw(virsh);
      await raw.open();
      expect((await raw.call(273, listed)).header.status).toBe(STATUS.ok);
      return !hasKoffi(raw);
    });
  });

  it('waits for other things than the next call where that does not come at once', async () => {
    using silent = new Raw(virsh);
    await eventually(() => hasKoffi(silent));
    using idle = new Raw(virsh);
    await idle.open();
    await eventually(() => hasKoffi(idle));
    expect((await idle.call(3)).header.status).toBe(STATUS.ok);
  });

  it('costs little while it waits', async () => {
    using raw = new Raw(virsh);
    await raw.open();
    await eventually(() => anonymousKiB(raw.child.pid!) <= 6 * 1024);
  });

  it('costs no more when it has told a hundred times all that dominfo asks', async () => {
    const name = virsh.boot({});
    using raw = new Raw(virsh);
    await raw.open();
    const { payload: domain } = await raw.call(23, (to) => to.text(name));
    const asked = (withFlags: boolean) => (to: XdrWriter) => {
      to.raw(domain!);
      if (withFlags) to.uint(0);
    };
    for (let i = 0; i < 100; i++) {
      const calls = [19, 16, 151, 15, 121].map((procedure) => raw.call(procedure, asked(false)));
      const answers = await Promise.all([...calls, raw.call(183, asked(true)), raw.call(122), raw.call(426, asked(true))]);
      for (const { header } of answers) expect(header.status).toBe(STATUS.ok);
      expect(anonymousKiB(raw.child.pid!)).toBeLessThanOrEqual(6 * 1024);
    }
    expect(hasKoffi(raw)).toBe(true);
  });

  it('refuses flags that nobody knows, by the name of the function', async () => {
    using raw = new Raw(virsh);
    await raw.open();
    const answer = await raw.call(273, (to) => {
      to.int(1);
      to.uint(0x80000000);
    });
    expect(messageOf(answer)).toBe('unsupported flags (0x80000000) in function lxcConnectListAllDomains');
  });

  it('is one of fifty', async () => {
    const all = Array.from({ length: 50 }, () => new Raw(virsh));
    try {
      await Promise.all(all.map((raw) => raw.open()));
      const answers = await Promise.all(all.map((raw) => raw.call(3)));
      expect(answers.every(({ header }) => header.status === STATUS.ok)).toBe(true);
      for (const raw of all) raw.child.stdin.end();
      expect(new Set(await Promise.all(all.map((raw) => raw.end())))).toEqual(new Set([0]));
    } finally {
      for (const raw of all) raw[Symbol.dispose]();
    }
  });
});

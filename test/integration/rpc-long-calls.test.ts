// What a connection does while one of its calls takes long: everything else.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { attempt } from '../../src/host/attempt.ts';
import { KIND } from '../../src/rpc/frame.ts';
import type { XdrWriter } from '../../src/rpc/xdr.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { useHooks } from '../helpers/hooks.ts';
import { isThere } from '../helpers/is-alive.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';
import { type WireClient, WireServer, workersOf } from '../helpers/wire.ts';

const ECHO = ['/bin/sh', '-c', 'stty raw -echo; echo ready; while read -r x; do echo "got $x"; done'];
const KEEPALIVE = 0x6b656570;

/** Somebody who has a lock until disposed of. */
class LockHolder implements Disposable {
  readonly #process: ChildProcess;
  isHeld = false;

  constructor(file: string) {
    this.#process = spawn('flock', [file, 'sh', '-c', 'echo held; read -r _'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout!.once('data', () => {
      this.isHeld = true;
    });
  }

  [Symbol.dispose](): void {
    this.#process.stdin!.end();
  }
}

async function hold(virsh: Virsh, name: string): Promise<LockHolder> {
  const holder = new LockHolder(virsh.path(name));
  await eventually(() => holder.isHeld);
  return holder;
}

async function domainBytes(client: WireClient, name: string): Promise<Buffer> {
  const found = await client.call(23, (to) => to.text(name));
  return Buffer.from(found.opaque(found.left));
}

const answers = (client: WireClient, serial: number) =>
  client.frames.filter(({ header }) => header.kind === KIND.reply && header.serial === serial);

/** Asks as libvirt's clients do whether we are there. */
async function ping(client: WireClient): Promise<void> {
  const pongs = () => client.frames.filter(({ header }) => header.program === KEEPALIVE && header.procedure === 2).length;
  const before = pongs();
  client.send({ program: KEEPALIVE, procedure: 1, kind: KIND.message, serial: 0 });
  await eventually(() => pongs() > before, 2000 * SLOWNESS);
}

const openFiles = (pid: number): string[] =>
  fs.readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
const sockets = (pid: number): number => openFiles(pid).filter((file) => file.startsWith('socket:')).length;

suite('while a call takes long,', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);

  it('questions are answered, a console’s bytes go both ways, events come, and other calls are done', async () => {
    const [name, other] = [virsh.boot({ init: ECHO }), virsh.define()];
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    await client.call(316, (to) => {
      to.uint(0); // lifecycle
      to.uint(0);
    });
    const domain = await domainBytes(client, name);
    const console = client.send({ procedure: 201 }, (to) => {
      to.opaque(domain);
      to.uint(0);
      to.uint(0);
    });
    const written = () =>
      Buffer.concat(
        client.frames.filter(({ header }) => header.kind === KIND.stream && header.serial === console).map(({ payload }) => payload!),
      ).toString();
    await eventually(() => answers(client, console).length === 1);
    const otherBytes = await domainBytes(client, other);
    hooks.install('lxc', `[ "$2" != prepare ] || while [ ! -e ${virsh.path('go')} ]; do sleep 0.05; done`);
    const start = client.send({ procedure: 9 }, (to) => to.opaque(otherBytes));
    await eventually(() => fs.existsSync(virsh.path('xml.prepare')));
    await ping(client);
    client.send({ procedure: 201, kind: KIND.stream, serial: console, status: 2 }, (to) => to.raw(Buffer.from('hello\n')));
    await eventually(() => written().includes('got hello'), 2000 * SLOWNESS);
    await client.call(212, (to) => {
      to.opaque(domain);
      to.uint(0);
    });
    await client.call(34, (to) => to.opaque(domain)); // which is long, too
    await eventually(() => client.messages(318).length > 0, 2000 * SLOWNESS);
    expect(answers(client, start)).toEqual([]);
    fs.writeFileSync(virsh.path('go'), '');
    await eventually(() => answers(client, start).length === 1, 15_000 * SLOWNESS);
    expect(answers(client, start)[0]!.header.status).toBe(0);
    expect(virsh.state(other)).toBe('running (booted)');
  });

  type Arguments = (to: XdrWriter, domain: Buffer) => void;
  const flags: Arguments = (to, domain) => {
    to.opaque(domain);
    to.uint(0);
  };
  const DEVICE = "<filesystem><source dir='/tmp'/><target dir='/mnt/x'/></filesystem>";
  const device: Arguments = (to, domain) => {
    to.opaque(domain);
    to.text(DEVICE);
    to.uint(2);
  };
  /** What is called, and with what, of a domain that runs. */
  const CALLS: [what: string, procedure: number, write: Arguments][] = [
    ['start', 196, flags],
    ['destroy', 12, (to, domain) => to.opaque(domain)],
    ['suspend', 34, (to, domain) => to.opaque(domain)],
    ['resume', 28, (to, domain) => to.opaque(domain)],
    ['undefine', 231, flags],
    ['attach-device', 160, device],
    ['detach-device', 161, device],
    ['update-device', 174, device],
    [
      'setmem',
      204,
      (to, domain) => {
        to.opaque(domain);
        to.uhyper(32768n);
        to.uint(2);
      },
    ],
    [
      'desc',
      264,
      (to, domain) => {
        to.opaque(domain);
        to.uint(0);
        for (const text of ['words', undefined, undefined]) {
          to.uint(text ? 1 : 0);
          if (text) to.text(text);
        }
        to.uint(2);
      },
    ],
    [
      'autostart',
      29,
      (to, domain) => {
        to.opaque(domain);
        to.uint(1);
      },
    ],
    [
      'setvcpus',
      199,
      (to, domain) => {
        to.opaque(domain);
        to.uint(1);
        to.uint(2);
      },
    ],
    [
      'domrename',
      358,
      (to, domain) => {
        to.opaque(domain);
        to.uint(1);
        to.text('other');
        to.uint(0);
      },
    ],
  ];

  it.each(CALLS)('%s, as somebody else has the domain, questions are answered', async (_what, procedure, write) => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const domain = await domainBytes(client, name);
    const held = await hold(virsh, `run/libvirt/lxc/${name}.lock`);
    const serial = client.send({ procedure }, (to) => write(to, domain));
    try {
      await ping(client);
      expect(answers(client, serial)).toEqual([]);
    } finally {
      held[Symbol.dispose]();
    }
    await eventually(() => answers(client, serial).length === 1, 15_000 * SLOWNESS);
  });

  it('more calls than are done at once wait for their turn, and all are answered', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const domain = await domainBytes(client, name);
    const held = await hold(virsh, `run/libvirt/lxc/${name}.lock`);
    const serials = Array.from({ length: 40 }, () => client.send({ procedure: 231 }, (to) => flags(to, domain)));
    await eventually(() => workersOf(pid).length === 5);
    await ping(client);
    expect(workersOf(pid)).toHaveLength(5);
    held[Symbol.dispose]();
    await eventually(() => serials.every((serial) => answers(client, serial).length === 1), 30_000 * SLOWNESS);
    expect(serials.filter((serial) => answers(client, serial)[0]!.header.status === 0)).toHaveLength(1);
  });

  it('who does it may be killed: its call fails, the connection goes on', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const domain = await domainBytes(client, name);
    const before = sockets(pid);
    const held = await hold(virsh, `run/libvirt/lxc/${name}.lock`);
    const start = client.call(9, (to) => to.opaque(domain));
    await eventually(() => workersOf(pid).length === 1);
    process.kill(workersOf(pid)[0]!, 'SIGKILL');
    await expect(start).rejects.toThrow('error 1 of');
    held[Symbol.dispose]();
    await client.call(9, (to) => to.opaque(domain));
    expect(virsh.state(name)).toBe('running (booted)');
    expect(sockets(pid)).toBe(before + 1); // of the other one
  });

  it('and whoever only looks has nobody who does', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    using client = await server.connect();
    await client.open();
    const domain = await domainBytes(client, name);
    await expect(client.call(9, (to) => to.opaque(domain))).rejects.toThrow('error 29 of');
    expect(workersOf(await server.lastPid(1))).toEqual([]);
  });

  it('goes on for a client that is gone, and then nobody is left', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    const client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const domain = await domainBytes(client, name);
    const held = await hold(virsh, `run/libvirt/lxc/${name}.lock`);
    client.send({ procedure: 9 }, (to) => to.opaque(domain));
    await eventually(() => workersOf(pid).length === 1);
    const [worker] = workersOf(pid);
    await eventually(() => openFiles(worker!).some((file) => file.endsWith('.lock')));
    client[Symbol.dispose]();
    await eventually(() => !isThere(pid));
    held[Symbol.dispose]();
    await eventually(() => !isThere(worker!), 15_000 * SLOWNESS);
    expect(virsh.state(name)).toBe('running (booted)');
  });
});

suite('a domain that is to end with its connection', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it.each<[who: string, signal: NodeJS.Signals, isAlone: boolean]>([
    ['its server gets SIGKILL', 'SIGKILL', true],
    ['its server gets SIGTERM', 'SIGTERM', true],
    ['the server gets SIGKILL together with its worker', 'SIGKILL', false],
  ])('does so when %s, even after it was rebooted', async (_who, signal, isAlone) => {
    const name = virsh.define({ init: ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; while :; do sleep 0.01; done"] });
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const domain = await domainBytes(client, name);
    await client.call(196, (to) => {
      to.opaque(domain);
      to.uint(2);
    });
    const first = virsh.controllerPid(name);
    virsh.ok('reboot', name);
    const isUp = () => virsh.state(name).startsWith('running') && virsh.run('domid', name).stdout.trim() !== String(first);
    await eventually(isUp, 10_000 * SLOWNESS);
    const pid = await server.lastPid(1);
    for (const one of isAlone ? [pid] : [...workersOf(pid), pid]) process.kill(one, signal);
    await virsh.waitForState(name, 'shut off (destroyed)');
  });
});

suite('a client of libvirt’s that asks whether we are there', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);

  it('stays, however long its call takes', async () => {
    const name = virsh.boot();
    hooks.install('lxc', '[ "$2" != stopped ] || sleep 5');
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
c.setKeepAlive(1, 2)
d = c.lookupByName('${name}')
tell(failure(d.destroy), c.isAlive())
`);
    expect(await python.end()).toEqual(['0 1']);
  });
});

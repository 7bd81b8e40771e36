// Consoles as streams of libvirt's protocol.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { KIND, STATUS } from '../../src/rpc/frame.ts';
import type { XdrWriter } from '../../src/rpc/xdr.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { useHooks } from '../helpers/hooks.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';
import { anonymousKiB, type WireClient, WireServer } from '../helpers/wire.ts';

/** Says each line that it reads, and ends at `end`. */
const ECHO = ['/bin/sh', '-c', 'stty raw -echo; echo ready; while read -r x; do [ "$x" = end ] && exit; echo "got $x"; done'];

suite('a console over the wire, to python', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);

  it('takes what is sent, gives what is written, and ends with the container', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
d = c.lookupByName('${name}')
s = c.newStream(0)
d.openConsole(None, s, 0)
def until(text):
    got = b''
    while text not in got:
        piece = s.recv(100)
        if not piece: break
        got += piece
    return got
s.send(b'one\\n')
tell(b'got one' in until(b'got one'))
s.send(b'end\\n')
rest = until(b'never')
tell('end', s.recv(100), s.finish())
`);
    expect(await python.end()).toEqual(['True', "end b'' 0"]);
    await virsh.waitForState(name, 'shut off (shutdown)');
  });

  it('ends when the end of the domain has been seen to: what is asked next finds it off', async () => {
    const name = virsh.boot({ init: ECHO });
    // What is done at a domain's end takes a while.
    hooks.install('lxc', '[ "$2" != release ] || sleep 0.3');
    using server = await WireServer.listen(virsh);
    using python = server.python(`
d = libvirt.open(URI).lookupByName('${name}')
s = d.connect().newStream(0)
d.openConsole(None, s, 0)
s.send(b'end\\n')
while s.recv(100): pass
tell(d.state()[0])
`);
    expect(await python.end()).toEqual(['5']);
  });

  it('can be left by finish and by abort, and visited again; the connection goes on', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
d = c.lookupByName('${name}')
for i in range(20):
    s = c.newStream(0)
    d.openConsole(None, s, 0)
    s.send(b'x%d\\n' % i)
    if i % 2: tell(s.abort())
    else: tell(s.finish())
s = c.newStream(0)
d.openConsole('console0', s, 0)
s.send(b'last\\n')
got = b''
while b'got last' not in got: got += s.recv(100)
tell(d.state()[0])
wait()
`);
    await python.told('1');
    const pid = await server.lastPid(1);
    const consoles = fs.readdirSync(`/proc/${pid}/fd`).filter((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('/dev/pts/'));
    expect(consoles).toHaveLength(1);
    python.go();
    expect(await python.end()).toEqual([...Array<string>(20).fill('0'), '1']);
  });

  it('has room for a second visitor, after whom the first goes on', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    using python = server.python(`
d = libvirt.open(URI).lookupByName('${name}')
first, second = d.connect().newStream(0), d.connect().newStream(0)
def until(s, text):
    got = b''
    while text not in got: got += s.recv(100)
    tell(text)
d.openConsole(None, first, 0)
first.send(b'one\\n'); until(first, b'got one')
d.openConsole(None, second, 0)
second.send(b'two\\n'); until(second, b'got two')
tell(second.finish())
first.send(b'three\\n'); until(first, b'got three')
`);
    expect(await python.end()).toEqual([`b'got one'`, `b'got two'`, '0', `b'got three'`]);
  });

  it('is refused as libvirt refuses it', async () => {
    const [name, off] = [virsh.boot(), virsh.define()];
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
d = c.lookupByName('${name}')
def open(domain, device, flags): return failure(lambda: domain.openConsole(device, c.newStream(0), flags))
tell(open(d, 'console7', 0))
tell(open(d, None, 1))
tell(open(d, None, 4))
tell(open(c.lookupByName('${off}'), None, 0))
tell(open(libvirt.openReadOnly(URI).lookupByName('${name}'), None, 0))
tell(d.state()[0])
`);
    expect(await python.end()).toEqual([
      `(1, 17, "internal error: cannot find console device 'console7'")`,
      `(8, 17, 'unsupported flags (0x1) in function lxcDomainOpenConsole')`,
      `(8, 17, 'unsupported flags (0x4) in function lxcDomainOpenConsole')`,
      `(55, 20, 'Requested operation is not valid: domain is not running')`,
      `(29, 20, 'operation forbidden: read only access prevents virDomainOpenConsole')`,
      '1',
    ]);
  });

  it('gives all that is written, however much', async () => {
    const bytes = 32 << 20;
    const name = virsh.boot({
      init: ['/bin/sh', '-c', `stty raw -echo; read x; head -c ${bytes} /dev/zero | tr '\\0' 'z'; echo; sleep 1000`],
    });
    using server = await WireServer.listen(virsh);
    using python = server.python(`
import hashlib
c = libvirt.open(URI)
d = c.lookupByName('${name}')
s = c.newStream(0)
d.openConsole(None, s, 0)
s.send(b'\\n')
h, n = hashlib.sha256(), 0
while n < ${bytes}:
    piece = s.recv(262120)
    if not piece: break
    h.update(piece[:${bytes} - n]); n += len(piece)
tell(h.hexdigest())
`);
    expect(await python.end()).toEqual([createHash('sha256').update(Buffer.alloc(bytes, 'z')).digest('hex')]);
  });
});

suite('a console over the wire', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  async function openConsole(client: WireClient, name: string): Promise<number> {
    await client.open();
    const found = await client.call(23, (to) => to.text(name));
    found.opaque(found.uint());
    const uuid = Buffer.from(found.opaque(16));
    const id = found.int();
    const write = (to: XdrWriter) => {
      to.text(name);
      to.opaque(uuid);
      to.int(id);
      to.uint(0);
      to.uint(0);
    };
    const serial = client.send({ procedure: 201 }, write);
    await eventually(() => client.frames.some(({ header }) => header.serial === serial && header.kind === KIND.reply));
    return serial;
  }
  const sendData = (client: WireClient, serial: number, data: Buffer) =>
    client.send({ procedure: 201, serial, kind: KIND.stream, status: STATUS.continue }, (to) => to.raw(data));
  const received = (client: WireClient, serial: number) =>
    Buffer.concat(
      client.frames
        .filter(({ header }) => header.kind === KIND.stream && header.serial === serial && header.status === STATUS.continue)
        .map(({ payload }) => payload!),
    );
  const streamStatus = (client: WireClient, serial: number) =>
    client.frames.filter(({ header }) => header.kind === KIND.stream && header.serial === serial).map(({ header }) => header.status);

  it('holds little of what a client does not read, and keeps the container from nothing', async () => {
    const name = virsh.boot({
      init: [
        '/bin/sh',
        '-c',
        'stty raw -echo; read x; i=0; while [ $i -lt 300 ]; do head -c 100000 /dev/zero; i=$((i+1)); done; touch /dev/done; sleep 1000',
      ],
    });
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    const serial = await openConsole(client, name);
    const pid = await server.lastPid(1);
    const before = anonymousKiB(pid);
    client.socket.pause();
    sendData(client, serial, Buffer.from('\n'));
    await eventually(() => virsh.inside(name, 'ls /dev').includes('done'), 20_000 * SLOWNESS);
    expect(anonymousKiB(pid) - before).toBeLessThan(16 * 1024);
    // When it reads again there is what was kept for it, and the console goes on.
    client.socket.resume();
    await eventually(() => received(client, serial).length > 100_000);
  });

  it('reads no more of a client than the container takes, in little memory, and fails by itself', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'stty raw -echo; sleep 1000'] });
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    const serial = await openConsole(client, name);
    const pid = await server.lastPid(1);
    const before = anonymousKiB(pid);
    for (let i = 0; i < 200; i++) sendData(client, serial, Buffer.alloc(200_000));
    await eventually(() => streamStatus(client, serial).includes(STATUS.error), 20_000 * SLOWNESS);
    expect(anonymousKiB(pid) - before).toBeLessThan(16 * 1024);
    // All else of the connection goes on: what was sent for the stream is passed over.
    await client.call(3);
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('takes what is sent for a stream that is over for nothing', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    const serial = await openConsole(client, name);
    client.send({ procedure: 201, serial, kind: KIND.stream, status: STATUS.error });
    await eventually(() => streamStatus(client, serial).at(-1) === STATUS.ok);
    sendData(client, serial, Buffer.from('late\n'));
    client.send({ procedure: 201, serial, kind: KIND.stream, status: STATUS.ok });
    await client.call(3);
    expect(streamStatus(client, serial).filter((status) => status === STATUS.ok)).toHaveLength(1);
  });

  it('is the container’s, whatever becomes of who serves it', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    for (let i = 0; i < 3; i++) {
      using client = await server.connect();
      const serial = await openConsole(client, name);
      const pid = await server.lastPid(i + 1);
      sendData(client, serial, Buffer.from(`x${i}\n`));
      process.kill(pid, 'SIGKILL');
      await eventually(() => client.isClosed);
    }
    expect(virsh.state(name)).toBe('running (booted)');
    using client = await server.connect();
    const serial = await openConsole(client, name);
    sendData(client, serial, Buffer.from('after\n'));
    await eventually(() => received(client, serial).includes('got after'));
  });
});

suite('virsh console over the wire', ['root', 'built', 'busybox', 'fuse', 'libvirt_clients', 'script'], () => {
  const virsh = useVirsh();

  async function visit(own: Virsh, uri: string, name: string, keys: readonly [after: string, typed: string][]): Promise<string> {
    const child = spawn('script', ['-qfec', `/usr/bin/virsh -c '${uri}' console ${name}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] ?? '', HOME: own.prefix, LC_ALL: 'C', TERM: 'dumb' },
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    for (const [after, typed] of keys) {
      await eventually(() => output.includes(after), 10_000 * SLOWNESS);
      child.stdin.write(typed);
    }
    await new Promise((resolve) => child.on('close', resolve));
    return output;
  }

  it('shows what is written, takes what is typed, and is left by its key', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    const output = await visit(virsh, server.uri, name, [
      ['Escape character is', 'hello\n'],
      ['got hello', '\x1d'],
    ]);
    expect(output).toMatch(/Connected to domain '.*'\r\nEscape character is \^\] \(Ctrl \+ \]\)\r\n.*got hello/s);
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('ends with the container', async () => {
    const name = virsh.boot({ init: ECHO });
    using server = await WireServer.listen(virsh);
    const output = await visit(virsh, server.uri, name, [['Escape character is', 'end\n']]);
    expect(output).not.toContain('error');
  });
});

// What clients may do to a server of libvirt's protocol, on purpose or by dying: nothing to containers, and little to the host.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { KIND } from '../../src/rpc/frame.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { isThere } from '../helpers/is-alive.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { anonymousKiB, REMOTE, WireServer, workersOf } from '../helpers/wire.ts';

/** The bytes of a frame that says it is `length` long. */
function frame(length: number, procedure: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(28);
  [length, REMOTE, 1, procedure, 0, 1, 0].forEach((value, i) => {
    header.writeUInt32BE(value, 4 * i);
  });
  return Buffer.concat([header, payload]);
}

suite('a client', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['half a length', Buffer.from([0, 0])],
    ['half a header', frame(28, 66).subarray(0, 15)],
    ['half of what a call is called with', frame(1000, 23, Buffer.alloc(300))],
    ['all but a byte of 30 MiB', frame(30 << 20, 23, Buffer.alloc((30 << 20) - 29))],
  ])('that goes after %s leaves nobody behind', async (_what, bytes) => {
    using server = await WireServer.listen(virsh);
    const client = await server.connect();
    const pid = await server.lastPid(1);
    client.socket.end(bytes);
    await eventually(() => !isThere(pid), 10_000 * SLOWNESS);
  });

  it.each([0, 1, 27, (32 << 20) + 5, 0x7fffffff, 0xffffffff])(
    'whose frame is said to be %i bytes long is not listened to',
    async (length) => {
      using server = await WireServer.listen(virsh);
      using client = await server.connect();
      const pid = await server.lastPid(1);
      client.socket.write(frame(length, 66, Buffer.alloc(100_000)));
      await eventually(() => client.isClosed && !isThere(pid), 10_000 * SLOWNESS);
    },
  );

  it('that takes its leave is answered, and its server ends', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    await client.call(2);
    await eventually(() => client.isClosed && !isThere(pid), 10_000 * SLOWNESS);
  });

  it('that sends 32 MiB gets an answer, and takes little memory', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const before = anonymousKiB(pid);
    for (let i = 0; i < 3; i++) {
      const answers = client.frames.length;
      client.socket.write(frame(32 << 20, 11, Buffer.alloc((32 << 20) - 28)));
      await eventually(() => client.frames.length > answers, 20_000 * SLOWNESS);
      expect(client.frames.at(-1)!.header.status).toBe(1);
    }
    expect(anonymousKiB(pid) - before).toBeLessThan(16 * 1024);
    await client.call(3);
  });

  it('that lies about how many there are of something hears so, and may go on', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    for (const lie of [0xffffffff, 0x7fffffff, 4096, 5])
      await expect(client.call(23, (to) => to.uint(lie))).rejects.toThrow('error 39 of 7');
    await client.call(3);
  });

  it('that calls and does not read the answers is not read, until it does', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const before = anonymousKiB(pid);
    client.socket.pause();
    const calls = 2000;
    const serials = Array.from({ length: calls }, () => client.send({ procedure: 7 }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(anonymousKiB(pid) - before).toBeLessThan(16 * 1024);
    client.socket.resume();
    const answered = () =>
      client.frames.filter(({ header }) => header.kind === KIND.reply && header.procedure === 7).map(({ header }) => header.serial);
    await eventually(() => answered().length === calls, 60_000 * SLOWNESS);
    expect(answered()).toEqual(serials);
  });

  it('is not given what has no end', async () => {
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    using client = await server.connect();
    await client.open();
    const freePages = client.call(340, (to) => {
      to.uint(0);
      to.uint(0);
      to.uint(0xffffffff);
      to.uint(0);
    });
    await expect(freePages).rejects.toThrow('error 1 of');
  });

  it('cannot register for events without end', async () => {
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    using client = await server.connect();
    await client.open();
    const asked = Array.from({ length: 1001 }, () =>
      client.send({ procedure: 316 }, (to) => {
        to.uint(0);
        to.uint(0);
      }),
    );
    const statuses = () =>
      client.frames.filter(({ header }) => header.kind === KIND.reply && header.procedure === 316).map(({ header }) => header.status);
    await eventually(() => statuses().length === asked.length, 15_000 * SLOWNESS);
    expect(statuses()).toEqual([...Array<number>(1000).fill(0), 1]);
  });

  it('cannot open streams without end', async () => {
    const name = virsh.boot();
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const found = await client.call(23, (to) => to.text(name));
    const domain = Buffer.from(found.opaque(found.left));
    for (let i = 0; i < 257; i++)
      client.send({ procedure: 201 }, (to) => {
        to.opaque(domain);
        to.uint(0);
        to.uint(0);
      });
    const statuses = () =>
      client.frames.filter(({ header }) => header.kind === KIND.reply && header.procedure === 201).map(({ header }) => header.status);
    await eventually(() => statuses().length === 257, 30_000 * SLOWNESS);
    expect(statuses()).toEqual([...Array<number>(256).fill(0), 1]);
  });

  it('cannot open two streams of one number', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const directory = virsh.path('pool');
    fs.mkdirSync(directory);
    fs.writeFileSync(`${directory}/v`, Buffer.alloc(8 << 20));
    virsh.ok('pool-create-as', 'wire', 'dir', '--target', directory);
    const pid = await server.lastPid(1);
    const opened = () =>
      fs.readdirSync(`/proc/${pid}/fd`).filter((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `${directory}/v`).length;
    client.socket.pause();
    for (let i = 0; i < 5; i++)
      client.send({ procedure: 209, serial: 1000 }, (to) => {
        for (const text of ['wire', 'v', `${directory}/v`]) to.text(text);
        to.uhyper(0n);
        to.uhyper(0n);
        to.uint(0);
      });
    await eventually(() => opened() > 0);
    client.socket.resume();
    await eventually(() => client.frames.filter(({ header }) => header.procedure === 209 && header.kind === KIND.reply).length === 5);
    expect(client.frames.filter(({ header }) => header.kind === KIND.reply && header.serial === 1000 && header.status === 1).length).toBe(
      4,
    );
  });

  it('that goes while its call is being done leaves it done', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    const client = await server.connect();
    await client.open();
    const found = await client.call(23, (to) => to.text(name));
    const domain = Buffer.from(found.opaque(found.left));
    client.send({ procedure: 9 }, (to) => to.opaque(domain));
    client[Symbol.dispose]();
    const pid = await server.lastPid(1);
    await eventually(() => !isThere(pid), 10_000 * SLOWNESS);
    expect(virsh.state(name)).toMatch(/^(running \(booted\)|shut off \(\w+\))$/);
    if (virsh.state(name).startsWith('running')) virsh.ok('destroy', name);
    virsh.ok('start', name);
  });

  it('among fifty does not wait for the others, and takes as little as alone', async () => {
    using server = await WireServer.listen(virsh);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()));
    try {
      await Promise.all(clients.map((client) => client.open()));
      await Promise.all(clients.map((client) => client.call(3)));
      for (const pid of server.pids) expect(anonymousKiB(pid)).toBeLessThan(5 * 1024);
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
    await eventually(() => server.pids.length === 50 && server.pids.every((pid) => !isThere(pid)), 20_000 * SLOWNESS);
  });
});

suite('a client that passes descriptors', ['root', 'built', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  it('with no call that wants them is not listened to', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`
import array, socket
s = socket.socket(socket.AF_UNIX)
s.connect('${server.socket}')
fds = [os.open('/dev/null', os.O_RDONLY) for i in range(20)]
try:
    for i in range(100): s.sendmsg([b'\\0'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))])
    tell(s.recv(10))
except OSError: tell(b'')
`);
    expect(await python.end()).toEqual([`b''`]);
    const pid = await server.lastPid(1);
    await eventually(() => !isThere(pid));
  });
});

suite('a server that is killed', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  it('at any moment leaves containers, and the next command, what they need', async () => {
    const [name, bystander] = [virsh.define(), virsh.boot()];
    const bystanders = virsh.initPid(bystander);
    using server = await WireServer.listen(virsh);
    for (let turn = 0; turn < 18; turn++) {
      using python = server.python(`
c = libvirt.open(URI)
c.domainEventRegisterAny(None, 0, lambda *a: None, None)
d = c.lookupByName('${name}')
tell('ready')
while True:
    if failure(lambda: d.createWithFlags(0)) == 0: failure(lambda: d.reboot(0))
    failure(lambda: d.suspend()); failure(lambda: d.resume())
    failure(lambda: d.setMetadata(0, 'x', None, None, 2))
    failure(lambda: d.destroy())
`);
      await python.told('ready');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      const pid = await server.lastPid(turn + 1);
      // Alone, or with those that do its long calls, in either order.
      const others = turn % 3 === 0 ? [] : workersOf(pid);
      for (const one of turn % 3 === 1 ? [...others, pid] : [pid, ...others]) process.kill(one, 'SIGKILL');
      python[Symbol.dispose]();
      // Whatever it was in the middle of: the domain can be ended and started.
      virsh.run('destroy', name);
      expect(virsh.run('start', name)).toMatchObject({ status: 0, stderr: '' });
      virsh.ok('destroy', name);
    }
    expect(virsh.initPid(bystander)).toBe(bystanders);
    expect(virsh.state(bystander)).toBe('running (booted)');
  });
});

suite('a client that may only look', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  /** Everything that is stored, by its path: how it is. */
  function store(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const folder of ['etc/libvirt', 'run/libvirt', 'var/lib/libvirt']
      .map((name) => virsh.path(name))
      .filter((name) => fs.existsSync(name)))
      for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(folder, name);
        const stat = fs.lstatSync(file);
        found[file] = stat.isFile()
          ? createHash('sha256').update(fs.readFileSync(file)).digest('hex')
          : stat.isSymbolicLink()
            ? fs.readlinkSync(file)
            : '';
      }
    return found;
  }

  it('changes nothing, however it asks', async () => {
    const [on, off] = [virsh.boot(), virsh.define()];
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    const before = store();
    const init = virsh.initPid(on);
    using python = server.python(`
c = libvirt.open(URI)
XML = c.lookupByName('${off}').XMLDesc(0)
DISK = "<disk type='file'><source file='/x'/><target dev='vdb'/></disk>"
calls = {
  'define': lambda d: c.defineXML(XML), 'createXML': lambda d: c.createXML(XML.replace('${off}', '${off}x'), 0),
  'create': lambda d: d.create(), 'createWithFlags': lambda d: d.createWithFlags(2), 'createWithFiles': lambda d: d.createWithFiles([], 0),
  'destroy': lambda d: d.destroy(), 'destroyFlags': lambda d: d.destroyFlags(1), 'shutdown': lambda d: d.shutdown(), 'shutdownFlags': lambda d: d.shutdownFlags(4),
  'reboot': lambda d: d.reboot(0), 'suspend': lambda d: d.suspend(), 'resume': lambda d: d.resume(), 'undefine': lambda d: d.undefine(), 'undefineFlags': lambda d: d.undefineFlags(0),
  'autostart': lambda d: d.setAutostart(1), 'rename': lambda d: d.rename('${off}y', 0),
  'memory': lambda d: d.setMemory(32768), 'memoryFlags': lambda d: d.setMemoryFlags(32768, 2), 'maxMemory': lambda d: d.setMaxMemory(32768), 'memtune': lambda d: d.setMemoryParameters({'hard_limit': 99999}, 0),
  'blkio': lambda d: d.setBlkioParameters({'weight': 500}, 0), 'sched': lambda d: d.setSchedulerParameters({'cpu_shares': 500}), 'schedFlags': lambda d: d.setSchedulerParametersFlags({'cpu_shares': 500}, 2),
  'vcpus': lambda d: d.setVcpusFlags(1, 2), 'pin': lambda d: d.pinVcpuFlags(0, (True,), 2), 'emulatorpin': lambda d: d.pinEmulator((True,), 2), 'numa': lambda d: d.setNumaParameters({'numa_nodeset': '0'}, 2),
  'attach': lambda d: d.attachDevice(DISK), 'attachFlags': lambda d: d.attachDeviceFlags(DISK, 2), 'detach': lambda d: d.detachDeviceFlags(DISK, 2), 'update': lambda d: d.updateDeviceFlags(DISK, 2),
  'metadata': lambda d: d.setMetadata(0, 'x', None, None, 2), 'title': lambda d: d.setMetadata(1, 'x', None, None, 2),
  'signal': lambda d: d.sendProcessSignal(1, 9, 0), 'console': lambda d: d.openConsole(None, c.newStream(0), 0), 'lifecycle': lambda d: d.setLifecycleAction(0, 1, 2), 'time': lambda d: d.setTime({'seconds': 1}, 0),
  'domain capabilities': lambda d: c.getDomainCapabilities(), 'guestinfo': lambda d: d.guestInfo(0), 'fsinfo': lambda d: d.fsInfo(), 'hostname': lambda d: d.hostname(), 'guest time': lambda d: d.getTime(),
  'migratable': lambda d: d.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE), 'native': lambda d: c.domainXMLFromNative('lxc-tools', 'lxc.utsname = x'),
  'addresses of an agent': lambda d: d.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT),
  'secure': lambda d: d.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE),
  'net define': lambda d: c.networkDefineXML('<network><name>x</name></network>'), 'net create': lambda d: c.networkCreateXML('<network><name>x</name></network>'),
  'pool define': lambda d: c.storagePoolDefineXML("<pool type='dir'><name>p</name><target><path>/nonexistent</path></target></pool>", 0),
  'pool create': lambda d: c.storagePoolCreateXML("<pool type='dir'><name>p</name><target><path>/nonexistent</path></target></pool>", 0),
}
for name in ['${on}', '${off}']:
    d = c.lookupByName(name)
    for what, action in calls.items():
        got = failure(lambda: action(d))
        if not isinstance(got, tuple): tell('done:', what, got)
        elif got[0] not in (29, 3): tell(what, got)
tell('end')
`);
    const lines = await python.end();
    expect(store()).toEqual(before);
    expect(virsh.initPid(on)).toBe(init);
    expect(lines).toEqual(['end']);
  });
});

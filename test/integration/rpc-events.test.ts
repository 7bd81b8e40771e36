// Events over libvirt's protocol: from any process's doing, to every client that registered, in order, once.
import fs from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { attempt } from '../../src/host/attempt.ts';
import { XdrReader, type XdrWriter } from '../../src/rpc/xdr.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { type WireClient, WireServer } from '../helpers/wire.ts';

const DOMAIN_EVENTS = `
c = libvirt.open(URI)
def lifecycle(conn, dom, event, detail, _): tell('lifecycle', dom.name(), 'on' if dom.ID() > 0 else 'off', event, detail)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle, None)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, lambda conn, dom, _: tell('reboot', dom.name()), None)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, lambda conn, dom, kind, uri, _: tell('metadata', dom.name(), kind, uri), None)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, lambda conn, dom, alias, _: tell('added', dom.name(), alias), None)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, lambda conn, dom, alias, _: tell('removed', dom.name(), alias), None)
tell('registered')
`;

/** It has a netlink socket. */
function isListening(pid: number): boolean {
  const sockets = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
  const table = fs.readFileSync(`/proc/${pid}/net/netlink`, 'latin1');
  return sockets.some((socket) => {
    const inode = /^socket:\[(\d+)\]$/.exec(socket)?.[1];
    return inode !== undefined && new RegExp(`\\s${inode}\\s*$`, 'm').test(table);
  });
}

suite('events over the wire, to python', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  it('are those of every change that other processes make, in their order, and each once', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`${DOMAIN_EVENTS}\nwait()\nc.close()`);
    await python.told('registered');
    const name = virsh.define({
      init: ['/bin/sh', '-c', "trap 'exit 0' HUP; touch /dev/ready; while :; do sleep 0.05; done"],
      more: '<on_poweroff>restart</on_poweroff>',
    });
    virsh.ok('start', name);
    virsh.ok('suspend', name);
    virsh.ok('resume', name);
    virsh.ok('desc', name, 'a text', '--config');
    virsh.ok('metadata', name, 'http://x/', '--key', 'k', '--set', '<a/>', '--config');
    await eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
    virsh.ok('reboot', name);
    await python.told(`reboot ${name}`);
    virsh.ok('destroy', name);
    virsh.ok('undefine', name);
    await python.told(`lifecycle ${name} off 1 0`);
    python.go();
    expect((await python.end()).slice(1)).toEqual([
      `lifecycle ${name} off 0 0`,
      `lifecycle ${name} on 2 0`,
      `lifecycle ${name} on 3 0`,
      `lifecycle ${name} on 4 0`,
      `metadata ${name} 0 None`,
      `metadata ${name} 2 http://x/`,
      `reboot ${name}`,
      `lifecycle ${name} off 5 1`,
      `lifecycle ${name} off 1 0`,
    ]);
  });

  it('are those of devices that come to a running domain and go, and of no others', async () => {
    const name = virsh.boot();
    using server = await WireServer.listen(virsh);
    using python = server.python(`${DOMAIN_EVENTS}\nwait()\nc.close()`);
    await python.told('registered');
    const hostdev = (file: string) =>
      virsh.file('device.xml', `<hostdev mode='capabilities' type='misc'><source><char>${file}</char></source></hostdev>`);
    virsh.ok('attach-device', name, hostdev('/dev/kmsg'), '--config');
    virsh.ok('attach-device', name, hostdev('/dev/kmsg'), '--live');
    virsh.ok('attach-device', name, hostdev('/dev/fuse'), '--live');
    virsh.ok('detach-device', name, hostdev('/dev/kmsg'), '--live');
    virsh.ok('detach-device', name, hostdev('/dev/fuse'), '--live');
    await python.told(`removed ${name} hostdev0`);
    virsh.ok('destroy', name);
    await python.told(`lifecycle ${name} off 5 1`);
    python.go();
    expect((await python.end()).slice(1)).toEqual([
      `added ${name} hostdev0`,
      `added ${name} hostdev1`,
      `removed ${name} hostdev0`,
      `removed ${name} hostdev0`,
      `lifecycle ${name} off 5 1`,
    ]);
  });

  it('may be those of one domain, and end when they are not wanted any more', async () => {
    const [one, other] = [virsh.define(), virsh.define()];
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
d = c.lookupByName('${one}')
i = c.domainEventRegisterAny(d, 0, lambda conn, dom, event, detail, _: tell('own', dom.name(), event), None)
c.domainEventRegisterAny(None, 0, lambda conn, dom, event, detail, _: tell('all', dom.name(), event), None)
tell('registered')
wait()
c.domainEventDeregisterAny(i)
tell('deregistered')
wait()
`);
    await python.told('registered');
    virsh.ok('start', other);
    virsh.ok('start', one);
    await python.told(`all ${one} 2`);
    python.go();
    await python.told('deregistered');
    virsh.ok('destroy', one);
    await python.told(`all ${one} 5`);
    python.go();
    const lines = await python.end();
    expect(lines.filter((line) => line.startsWith('own'))).toEqual([`own ${one} 2`]);
    expect(lines.filter((line) => line.startsWith('all'))).toEqual([`all ${other} 2`, `all ${one} 2`, `all ${one} 5`]);
  });

  it('of a network go to who registered for networks', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
c.networkEventRegisterAny(None, 0, lambda conn, net, event, detail, _: tell('network', net.name(), event, detail), None)
tell('registered')
wait()
`);
    await python.told('registered');
    const network = virsh.name('net');
    virsh.ok('net-define', virsh.file('n.xml', `<network><name>${network}</name></network>`));
    virsh.ok('net-undefine', network);
    await python.told(`network ${network} 1 0`);
    python.go();
    expect((await python.end()).slice(1)).toEqual([`network ${network} 0 0`, `network ${network} 1 0`]);
  });

  it('of devices of the host go to who registered for devices', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
def changed(conn, dev, event, detail, _): tell('device', dev.name(), event, detail)
i = c.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, changed, None)
c.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_UPDATE, lambda *a: tell('update'), None)
tell('registered')
wait()
c.nodeDeviceEventDeregisterAny(i)
tell('deregistered')
wait()
`);
    await python.told('registered');
    const file = virsh.file('devices', '');
    const output = fs.openSync(file, 'w');
    const ours = virsh.start({ stdio: ['ignore', output, 'inherit'] }, 'nodedev-event', '--event', 'lifecycle', '--loop');
    fs.closeSync(output);
    await eventually(() => isListening(ours.pid!));
    const name = virsh.boot({ devices: "<interface type='ethernet'/>" });
    const link = /<target dev='(vnet\d+)'/.exec(virsh.ok('dumpxml', name))![1]!;
    const address = fs.readFileSync(`/sys/class/net/${link}/address`, 'latin1').trim();
    const device = `net_${link}_${address.replaceAll(':', '_')}`;
    await python.told(`device ${device} 0 0`);
    virsh.ok('destroy', name);
    await python.told(`device ${device} 1 0`);
    const told = (kind: string) => fs.readFileSync(file, 'utf8').includes(`event 'lifecycle' for node device ${device}: ${kind}\n`);
    await eventually(() => told('Created') && told('Deleted'));
    python.go();
    await python.told('deregistered');
    python.go();
    expect(await python.end()).not.toContain('update');
  });

  it('are answered with what libvirt’s driver answers', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
c.setKeepAlive(1, 3)
c.registerCloseCallback(lambda *a: None, None)
c.unregisterCloseCallback()
tell(c.isAlive())
`);
    expect(await python.end()).toEqual(['1']);
  });
});

suite('events over the wire', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  afterEach(() => vi.unstubAllEnvs());

  async function recorder() {
    vi.resetModules();
    vi.stubEnv('VIRSH_LXC_PREFIX', virsh.prefix);
    return (await import('../../src/store/events.ts')).recordEvent;
  }
  const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';
  const nameIn = (payload: Buffer, skip: number): string => {
    const reader = new XdrReader(payload);
    reader.opaque(skip);
    return reader.opaque(reader.uint()).toString();
  };
  const register = (to: XdrWriter) => {
    to.int(0);
    to.uint(0);
  };

  it('of the time before callbacks had numbers come without one, and only as long as they are registered for', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const record = await recorder();
    await client.call(105);
    await expect(client.call(105)).rejects.toThrow('error 1 of 17');
    await client.call(167, (to) => to.int(1));
    record({ domain: 'a', uuid: UUID, event: 'lifecycle', kind: 'Stopped', detail: 'Crashed' });
    record({ domain: 'b', uuid: UUID, event: 'reboot' });
    await eventually(() => client.messages(169).length === 1);
    expect(
      client
        .messages(107)
        .map((payload) => [nameIn(payload, 0), payload.readInt32BE(payload.length - 8), payload.readInt32BE(payload.length - 4)]),
    ).toEqual([['a', 5, 2]]);
    expect(client.messages(169).map((payload) => nameIn(payload, 0))).toEqual(['b']);
    await client.call(106);
    await client.call(168, (to) => to.int(1));
    await expect(client.call(106)).rejects.toThrow('error 1 of 17');
    record({ domain: 'c', uuid: UUID, event: 'reboot' });
    await client.call(3);
    expect(client.frames.filter(({ header }) => header.kind === 2)).toHaveLength(2);
  });

  it.each([
    ['a kind that there is not', 316, [27, 0]],
    ['a number below all', 316, [-1, 0]],
    ['a callback that there is not', 317, [5]],
    ['a callback of a network that there is not', 314, [0]],
  ])('are refused for %s', async (_what, procedure, numbers) => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    const write = (to: XdrWriter) => {
      for (const number of numbers) to.int(number);
    };
    await expect(client.call(procedure, write)).rejects.toThrow(`error 1 of ${procedure === 314 ? 19 : 17}`);
  });

  it('wait where they are for a client that does not read, and come when it does, each once', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    await client.call(316, register);
    const record = await recorder();
    client.socket.pause();
    const names: string[] = [];
    // More than the socket and the server's queue take, and less than the spool keeps.
    for (let i = 0; i < 3000; i++) {
      names.push(`d${i}${'x'.repeat(60)}`);
      record({ domain: names[i]!, uuid: UUID, event: 'lifecycle', kind: 'Defined', detail: 'Added' });
      if (i % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    client.socket.resume();
    await eventually(() => client.isClosed || client.messages(318).length === names.length, 10_000 * SLOWNESS);
    const got = client.messages(318).map((payload) => nameIn(payload, 4));
    expect(got).toEqual(names);
  });

  it('are kept in the memory of no server: one that could not tell all ends the connection instead of leaving some out', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    await client.call(316, register);
    const pid = await server.lastPid(1);
    const status = () => attempt(() => fs.readFileSync(`/proc/${pid}/status`, 'latin1')) ?? ''; // it may end at any moment
    const rss = () => Number(/^VmRSS:\s+(\d+)/m.exec(status())?.[1] ?? 0);
    const before = rss();
    expect(before).toBeGreaterThan(0);
    const record = await recorder();
    client.socket.pause();
    let most = 0;
    const names: string[] = [];
    for (let i = 0; i < 4000; i++) {
      names.push(`d${i}${'x'.repeat(2000)}`);
      record({ domain: names[i]!, uuid: UUID, event: 'lifecycle', kind: 'Defined', detail: 'Added' });
      if (i % 100 !== 99 || !fs.existsSync(`/proc/${pid}`)) continue;
      await new Promise((resolve) => setTimeout(resolve, 5));
      most = Math.max(most, rss());
    }
    client.socket.resume();
    await eventually(() => client.isClosed, 10_000 * SLOWNESS);
    const got = client.messages(318).map((payload) => nameIn(payload, 4));
    expect(got.length).toBeLessThan(names.length);
    expect(got).toEqual(names.slice(0, got.length));
    expect(most - before).toBeLessThan(24 * 1024);
  });

  it('of a domain reach fifty clients', async () => {
    using server = await WireServer.listen(virsh);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()));
    try {
      await Promise.all(
        clients.map(async (client) => {
          await client.open();
          await client.call(316, register);
        }),
      );
      const name = virsh.define();
      await eventually(() => clients.every((client) => client.messages(318).length === 1), 10_000 * SLOWNESS);
      expect(new Set(clients.map((client) => nameIn(client.messages(318)[0]!, 4)))).toEqual(new Set([name]));
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });

  it('of many domains that many processes change at once reach every client, each once, in one order', {
    timeout: 180_000 * SLOWNESS,
  }, async () => {
    using server = await WireServer.listen(virsh);
    const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
    try {
      await Promise.all(
        clients.map(async (client) => {
          await client.open();
          await client.call(316, register);
        }),
      );
      const names = Array.from({ length: 6 }, () => virsh.name());
      const documents = names.map((name) => virsh.file(`${name}.xml`, virsh.xml(name)));
      const TURNS = 3;
      const commands = (name: string, document: string) => [
        ['define', document],
        ...Array.from({ length: TURNS }, () => [['start', name], ['suspend', name], ['resume', name], ['destroy', name]]).flat(), // biome-ignore format: what one turn is
        ['undefine', name],
      ];
      await Promise.all(
        names.map(async (name, i) => {
          for (const words of commands(name, documents[i]!)) expect(await virsh.begin(...words)).toMatchObject({ status: 0, stderr: '' });
        }),
      );
      /** Kind and detail (virDomainEventType), of each domain. */
      const turn = ['2 0', '3 0', '4 0', '5 1'];
      const expected = ['0 0', ...Array.from({ length: TURNS }, () => turn).flat(), '1 0'];
      const told = (client: WireClient) =>
        client
          .messages(318)
          .map((payload) => `${nameIn(payload, 4)} ${payload.readInt32BE(payload.length - 8)} ${payload.readInt32BE(payload.length - 4)}`);
      await eventually(() => clients.every((client) => told(client).length >= names.length * expected.length), 10_000 * SLOWNESS);
      const first = told(clients[0]!);
      for (const client of clients) expect(told(client)).toEqual(first);
      for (const name of names)
        expect(first.filter((line) => line.startsWith(`${name} `))).toEqual(expected.map((event) => `${name} ${event}`));
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });
});

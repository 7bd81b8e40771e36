// What passes between containers, and how much of it: TCP, the modes of direct interfaces, sizes of packets, limits.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { networkOf } from '../helpers/network-host.ts';
import { interfaceIn, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

const ADDRESS = `<ip address='10.78.1.1' prefix='24'/><dns enable='no'/>`;
const fixed = (last: number): string => `<ip address='10.78.1.${last}' family='ipv4' prefix='24'/>`;
const direct = (dev: string, mode: string, more = ''): string =>
  `<interface type='direct'><source dev='${dev}' mode='${mode}'/>${more}</interface>`;

/** Sends one unfragmented echo request of so many bytes, headers and all, and prints the size of the answer. */
const PING = `
import socket, struct, sys
size = int(sys.argv[2])
ping = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
ping.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: IP_PMTUDISC_DO
ping.settimeout(5)
ping.connect((sys.argv[1], 0))
ping.send(struct.pack('!BBHHH', 8, 0, 0xf7ff, 0, 0) + bytes(size - 28))
print(len(ping.recv(65536)))
`;

suite('traffic of networks', ['root', 'built', 'busybox', 'ip', 'nft', 'python3'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  it('is TCP between two containers, both ways', async () => {
    networks.start('lan', ADDRESS);
    const [server, client] = [networks.container('lan', fixed(2)), networks.container('lan', fixed(3))];
    const answer = 'nc -l -p 7000 -e /bin/sh -c \'read line; echo "the server read: $line"\'';
    const served = virsh.begin('-q', 'lxc-enter-namespace', server, '--', '/bin/sh', '-c', answer);
    const asked = virsh.inside(client, 'until echo hello | nc 10.78.1.2 7000; do usleep 20000; done 2>/dev/null');
    expect(asked).toBe('the server read: hello\n');
    expect((await served).status).toBe(0);
  });

  /** Two devices on a wire of the host's, for direct interfaces. */
  async function withWire(use: () => void): Promise<void> {
    const { host } = networks;
    host.run('ip', 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire1');
    for (const end of ['wire0', 'wire1']) host.run('ip', 'link', 'set', end, 'up');
    try {
      use();
      await virsh.reset();
    } finally {
      host.run('ip', 'link', 'del', 'wire0');
    }
  }

  it.each(['bridge', 'vepa', 'private', 'passthrough'])('goes by a direct interface of mode %s, its own or that of its network', (mode) =>
    withWire(() => {
      networks.define('pool', `<forward mode='${mode}'><interface dev='wire1'/></forward>`);
      virsh.ok('net-start', 'pool');
      const domain = virsh.boot({ devices: direct('wire0', mode) + interfaceIn('pool') });
      for (const name of ['eth0', 'eth1']) {
        const [link] = JSON.parse(networks.runNear(domain, 'ip', '-d', '-j', 'link', 'show', name));
        expect(link.linkinfo).toMatchObject({
          info_kind: 'macvlan',
          info_data: { mode: mode === 'passthrough' ? 'passthru' : mode },
        });
      }
    }),
  );

  it('passes between direct interfaces of one device as their mode says', () =>
    withWire(() => {
      const { host } = networks;
      const reachable = (...modes: string[]): string[] =>
        modes.filter((mode, i) => {
          const pair = [0, 1].map((n) => virsh.boot({ devices: direct('wire0', mode, fixed(20 + 2 * i + n)) }));
          const isReached = networks.reaches(pair[0]!, `10.78.1.${21 + 2 * i}`);
          for (const domain of pair) virsh.ok('destroy', domain);
          return isReached;
        });
      expect(reachable('bridge', 'vepa', 'private')).toEqual(['bridge']);
      // A switch at the other end that sends frames back to where they came from, which is what vepa is for.
      host.run('ip', 'link', 'add', 'switch', 'type', 'bridge');
      host.run('ip', 'link', 'set', 'switch', 'up');
      host.run('ip', 'link', 'set', 'wire1', 'master', 'switch');
      host.run('ip', 'link', 'set', 'wire1', 'type', 'bridge_slave', 'hairpin', 'on');
      expect(reachable('bridge', 'vepa', 'private')).toEqual(['bridge', 'vepa']);
      host.run('ip', 'link', 'del', 'switch');
    }));

  it.each([
    ['an interface', 1300, '', `<mtu size='1300'/>`],
    ['a network', 4000, `<mtu size='4000'/>`, ''],
  ])('has packets of the size of %s', (_, size, inNetwork, inInterface) => {
    networks.start('sized', inNetwork + ADDRESS);
    const [one, other] = [2, 3].map((last) => networks.container('sized', fixed(last) + inInterface)) as [string, string];
    const mtuOf = (listed: string): Record<string, number> =>
      Object.fromEntries(JSON.parse(listed).map(({ ifname, mtu }: { ifname: string; mtu: number }) => [ifname, mtu]));
    const bridge = /Bridge: +(\S+)/.exec(virsh.ok('net-info', 'sized'))![1]!;
    expect(mtuOf(networks.host.run('ip', '-j', 'link', 'show', 'master', bridge))).toEqual({ vnet0: size, vnet1: size });
    expect(mtuOf(networks.host.run('ip', '-j', 'link', 'show', bridge))).toEqual({ [bridge]: size });
    for (const domain of [one, other]) expect(mtuOf(networks.runNear(domain, 'ip', '-j', 'link', 'show', 'eth0'))).toEqual({ eth0: size });
    for (const address of ['10.78.1.1', '10.78.1.3']) {
      const ping = (bytes: number): string => networks.runNear(one, 'python3', '-c', PING, address, String(bytes)).trim();
      expect(ping(size)).toBe(String(size));
      expect(() => ping(size + 1)).toThrow('Message too long');
    }
  });
});

/**
 * Takes what comes, and prints how many bytes come in a second: measured over three seconds' worth of what is limited, when what
 * may pass at once has passed.
 */
const SINK = `
  let bytes = 0;
  let from;
  let before;
  require('net').createServer((source) => {
    source.on('data', (data) => {
      bytes += data.length;
      if (before === undefined && bytes > 2e6) [from, before] = [performance.now(), bytes];
      if (bytes < 5e6) return;
      console.log((bytes - before) / (performance.now() - from) * 1000);
      process.exit();
    });
  }).listen(7001);`;

/** Sends what the connection takes. */
const SOURCE = `
  const block = Buffer.alloc(65536);
  const connect = () => {
    const sink = require('net').connect(7001, process.argv[1], () => {
      const send = () => { while (sink.write(block)); };
      sink.on('drain', send);
      send();
    });
    sink.on('error', () => setTimeout(connect, 20));
  };
  connect();`;

/** Bytes in a second over one TCP connection between the networks of two processes, the second of which has the address. */
async function throughput(from: number, to: number, address: string): Promise<number> {
  const sink = spawn('nsenter', [...networkOf(to), process.execPath, '-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] });
  const source = spawn('nsenter', [...networkOf(from), process.execPath, '-e', SOURCE, address], { stdio: 'inherit' });
  try {
    return Number(await text(sink.stdout));
  } finally {
    source.kill();
    sink.kill();
  }
}

const KB_PER_S = 1000;
/** A second's worth may pass at once, as is the default for what a container sends, so that no delay of a timer counts. */
const limit = (direction: 'inbound' | 'outbound'): string =>
  `<bandwidth><${direction} average='${KB_PER_S}' burst='${KB_PER_S}'/></bandwidth>`;

function expectLimited(bytesPerSecond: number): void {
  expect(bytesPerSecond).toBeGreaterThan(KB_PER_S * 1000 * 0.8);
  expect(bytesPerSecond).toBeLessThan(KB_PER_S * 1000 * 1.2);
}

const NEEDS = ['root', 'built', 'busybox', 'ip', 'nft'] as const;

suite('inbound limits', [...NEEDS, 'htb'], () => {
  const networks = useNetworks();

  it('of an interface slow down what comes to it and nothing else', async () => {
    networks.start('lan', ADDRESS);
    const domain = networks.container('lan', fixed(2) + limit('inbound'));
    const init = networks.virsh.initPid(domain);
    expectLimited(await throughput(networks.host.pid, init, '10.78.1.2'));
    expect(await throughput(init, networks.host.pid, '10.78.1.1')).toBeGreaterThan(KB_PER_S * 1000 * 4);
  });

  it('of a network slow down what the host sends to it', async () => {
    networks.start('lan', limit('inbound') + ADDRESS);
    const domain = networks.container('lan', fixed(2));
    expectLimited(await throughput(networks.host.pid, networks.virsh.initPid(domain), '10.78.1.2'));
  });
});

suite('outbound limits', [...NEEDS, 'act_police'], () => {
  const networks = useNetworks();

  it('of an interface slow down what it sends and nothing else', async () => {
    networks.start('lan', ADDRESS);
    const domain = networks.container('lan', fixed(2) + limit('outbound'));
    const init = networks.virsh.initPid(domain);
    expectLimited(await throughput(init, networks.host.pid, '10.78.1.1'));
    expect(await throughput(networks.host.pid, init, '10.78.1.2')).toBeGreaterThan(KB_PER_S * 1000 * 4);
  });

  it('of a network slow down what the host receives from it', async () => {
    networks.start('lan', limit('outbound') + ADDRESS);
    const domain = networks.container('lan', fixed(2));
    expectLimited(await throughput(networks.virsh.initPid(domain), networks.host.pid, '10.78.1.1'));
  });
});

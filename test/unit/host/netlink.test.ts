import { describe, expect, it } from 'vitest';
import { addAddress, addRoute } from '../../../src/host/netlink/address.ts';
import { broadcastAddress, defaultPrefix, ipBytes, ipText, netmaskPrefix } from '../../../src/host/netlink/ip-bytes.ts';
import { createVethPair, findLink, moveLink } from '../../../src/host/netlink/link.ts';
import {
  decodeAcknowledgement,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  nestedAttribute,
  stringAttribute,
  u32Attribute,
} from '../../../src/host/netlink/message.ts';
import { explainedError, type RouteSocket } from '../../../src/host/netlink/rtnetlink.ts';
import { setBandwidth } from '../../../src/host/netlink/tc.ts';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

/** A socket that keeps what is sent, as hexadecimal text, and acknowledges all. */
function recorder(answer: Buffer = Buffer.alloc(0)): RouteSocket & { sent: string[] } {
  const sent: string[] = [];
  const record = (type: number, flags: number, parts: readonly Buffer[]) => {
    sent.push(encodeMessage(type, flags, 0, parts).toString('hex'));
  };
  return {
    sent,
    request: (type, flags, parts) => {
      record(type, flags, parts);
      return { errno: 0 };
    },
    get: (type, parts) => {
      record(type, 0, parts);
      return answer;
    },
    dump: () => [],
    [Symbol.dispose]: () => {},
  };
}

describe('encodeMessage()', () => {
  it('writes length, type, flags and sequence before the parts', () => {
    const message = encodeMessage(16, 0x605, 7, [u32Attribute(4, 1300)]);
    expect(message.toString('hex')).toBe('18000000' + '1000' + '0506' + '07000000' + '00000000' + '08000400' + '14050000');
  });
});

describe('attributes', () => {
  it('are padded to four bytes, the padding not counted', () => {
    expect(stringAttribute(3, 'vnet0').toString('hex')).toBe('0a000300' + '766e65743000' + '0000');
  });

  it('nest', () => {
    const nest = nestedAttribute(18, [stringAttribute(1, 'veth'), u32Attribute(2, 5)]);
    expect(nest.toString('hex')).toBe('18001280' + '0900010076657468' + '00000000' + '0800020005000000');
    const inner = decodeAttributes(decodeAttributes(nest).get(18)!);
    expect([...inner].map(([type, value]) => [type, value.toString('hex')])).toEqual([
      [1, '7665746800'],
      [2, '05000000'],
    ]);
  });

  it('end where one claims more than there is', () => {
    expect(decodeAttributes(hex('0800010001000000 ff000200')).size).toBe(1);
  });
});

describe('decodeMessages()', () => {
  it('splits a datagram', () => {
    const two = Buffer.concat([encodeMessage(16, 2, 1, [u32Attribute(1, 1)]), encodeMessage(3, 2, 1, [Buffer.alloc(4)])]);
    expect(decodeMessages(two).map(({ type, flags, sequence, payload }) => [type, flags, sequence, payload.length])).toEqual([
      [16, 2, 1, 8],
      [3, 2, 1, 4],
    ]);
  });

  it('ignores a cut-off message', () => {
    expect(decodeMessages(encodeMessage(16, 0, 1, [Buffer.alloc(8)]).subarray(0, 20))).toEqual([]);
  });
});

describe('decodeAcknowledgement()', () => {
  it('takes errno and the kernel’s sentence from a capped acknowledgement', () => {
    // errno -EINVAL, the request's header, NLMSGERR_ATTR_MSG "Bad"
    const error = encodeMessage(2, 0x300, 1, [hex('eaffffff 20000000 1000 0500 01000000 00000000'), stringAttribute(1, 'Bad')]);
    const acknowledgement = decodeAcknowledgement(decodeMessages(error)[0]!);
    expect(acknowledgement).toEqual({ errno: 22, explanation: 'Bad' });
    expect(explainedError('Unable to add', acknowledgement).message).toBe('Unable to add: Invalid argument (Bad)');
  });

  it('skips the whole request when it is not capped', () => {
    const request = encodeMessage(16, 5, 1, [Buffer.alloc(8, 0xaa)]);
    const error = encodeMessage(2, 0x200, 1, [hex('edffffff'), request, stringAttribute(1, 'No')]);
    expect(decodeAcknowledgement(decodeMessages(error)[0]!)).toEqual({ errno: 19, explanation: 'No' });
  });

  it('is success when the error is 0', () => {
    expect(decodeAcknowledgement(decodeMessages(encodeMessage(2, 0x100, 1, [Buffer.alloc(20)]))[0]!)).toEqual({ errno: 0 });
  });
});

describe('IP addresses', () => {
  it.each([
    ['10.99.1.2', '0a630102'],
    ['::', '00000000000000000000000000000000'],
    ['fd00::2', 'fd000000000000000000000000000002'],
    ['fe80:1:2:3:4:5:6:7', 'fe800001000200030004000500060007'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['1::', '00010000000000000000000000000000'],
  ])('%s', (text, bytes) => {
    expect(ipBytes(text).toString('hex')).toBe(bytes);
  });

  it('print as usual', () => {
    const texts = ['10.0.0.1', '::', '::1', 'fd00::1:0:0:2', '1:0:2::', '1:2:3:4:5:6:7:8', 'a:0:b:0:c:0:d:0'];
    expect(texts.map((text) => ipText(ipBytes(text)))).toEqual(texts);
  });

  it('have a prefix by class, none for the all-zero address', () => {
    const prefixes = ['10.0.0.1', '172.16.0.1', '192.168.0.1', '0.0.0.0', '::', 'fd00::1'].map((text) => defaultPrefix(ipBytes(text)));
    expect(prefixes).toEqual([8, 16, 24, 0, 0, 64]);
  });

  it('have netmasks and broadcast addresses', () => {
    expect(['255.255.255.0', '255.240.0.0', '0.0.0.0', '255.255.255.255'].map(netmaskPrefix)).toEqual([24, 12, 0, 32]);
    const broadcast = (text: string, prefix: number) => ipText(broadcastAddress(ipBytes(text), prefix));
    expect(broadcast('10.99.1.2', 24)).toBe('10.99.1.255');
    expect(broadcast('10.99.1.2', 20)).toBe('10.99.15.255');
    expect(() => ipBytes('10.0.0')).toThrow("internal error: Invalid IP address '10.0.0'");
  });
});

describe('createVethPair()', () => {
  it('asks for both ends in one message, the other one in its namespace', () => {
    const route = recorder();
    const pair = { name: 'vnet0', mac: 'fe:54:00:01:02:03', peer: 'eth0', peerMac: '52:54:00:01:02:03', peerNamespace: 9, mtu: 1300 };
    expect(createVethPair(route, pair)).toBe(0);
    expect(route.sent).toEqual([
      [
        '90000000100000060000000000000000', // RTM_NEWLINK, create, exclusive
        '00000000000000000000000000000000', // struct ifinfomsg
        '0a000300766e657430000000', // IFLA_IFNAME vnet0
        '0a000100fe5400010203' + '0000', // IFLA_ADDRESS
        '0800040014050000', // IFLA_MTU 1300
        '50001280', // IFLA_LINKINFO
        '0900010076657468' + '00000000', //   IFLA_INFO_KIND veth
        '40000280', //   IFLA_INFO_DATA
        '3c000100', //     VETH_INFO_PEER
        '00000000000000000000000000000000',
        '090003006574683000000000', //       eth0
        '0a000100525400010203' + '0000', //       IFLA_ADDRESS
        '0800040014050000',
        '08001c0009000000', //       IFLA_NET_NS_FD
      ].join(''),
    ]);
  });
});

describe('moveLink()', () => {
  it('names the namespace by descriptor', () => {
    const route = recorder();
    moveLink(route, 'nic0', 9);
    expect(route.sent).toEqual([
      '34000000130000000000000000000000' + '00000000000000000000000000000000' + '090003006e69633000000000' + '08001c0009000000',
    ]);
  });
});

describe('findLink()', () => {
  it('reads name, kind, alias, state and counters', () => {
    const counters = Buffer.alloc(96);
    [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].forEach((value, i) => {
      counters.writeBigUInt64LE(value, i * 8);
    });
    const statistics = Buffer.concat([hex('64001700'), counters]);
    const answer = Buffer.concat([
      hex('00000100 07000000 43100100 00000000'),
      stringAttribute(3, 'vnet0'),
      hex('0a000100 fe5400010203 0000'),
      u32Attribute(4, 1500),
      u32Attribute(10, 5),
      nestedAttribute(18, [stringAttribute(1, 'veth')]),
      stringAttribute(20, 'owner'),
      hex('0500210001000000'),
      statistics,
    ]);
    expect(findLink(recorder(answer), 'vnet0')).toEqual({
      index: 7,
      name: 'vnet0',
      kind: 'veth',
      mac: 'fe:54:00:01:02:03',
      mtu: 1500,
      up: true,
      carrier: true,
      master: 5,
      alias: 'owner',
      statistics: {
        received: { packets: 1n, bytes: 3n, errors: 5n, dropped: 7n },
        sent: { packets: 2n, bytes: 4n, errors: 6n, dropped: 8n },
      },
    });
  });
});

describe('addresses and routes', () => {
  const link = { index: 3, name: 'eth0' };

  it('add an IPv4 address with its broadcast address', () => {
    const route = recorder();
    addAddress(route, link, { address: '10.99.1.2', family: 'ipv4', prefix: 24 });
    expect(route.sent).toEqual([
      '30000000140000060000000000000000' + '0218000003000000' + '080002000a630102' + '080001000a630102' + '080004000a6301ff',
    ]);
  });

  it('add a peer instead of a broadcast address', () => {
    const route = recorder();
    addAddress(route, link, { address: '10.0.0.1', family: 'ipv4', peer: '10.0.0.2' });
    expect(route.sent).toEqual(['28000000140000060000000000000000' + '0208000003000000' + '080002000a000001' + '080001000a000002']);
  });

  it('add a default route without destination, with metric 1', () => {
    const route = recorder();
    addRoute(route, link, { family: 'ipv4', address: '0.0.0.0', gateway: '10.99.1.1' });
    expect(route.sent).toEqual([
      '34000000180000060000000000000000' + '0200000' + '0fe03000100000000' + '080005000a630101' + '0800040003000000' + '0800060001000000',
    ]);
  });

  it('add a route to a network by netmask', () => {
    const route = recorder();
    addRoute(route, link, { family: 'ipv4', address: '10.98.0.0', netmask: '255.255.0.0', gateway: '10.99.1.1', metric: 7 });
    expect(route.sent[0]).toContain('0210000' + '0fe03000100000000');
    expect(route.sent[0]).toContain('0800060007000000' + '080001000a620000');
  });
});

describe('setBandwidth()', () => {
  it('sends what tc(8) sends', () => {
    const route = recorder();
    setBandwidth(
      route,
      { index: 2, name: 'd0' },
      {
        send: { average: 1000, peak: 5000, burst: 1024 },
        receive: { average: 128, burst: 256 },
      },
    );
    const [root, htbClass, leaf, ingress, filter] = route.sent;
    expect(route.sent).toHaveLength(5);
    // tc qdisc add dev d0 root handle 1: htb default 1
    expect(root).toContain('0000000002000000' + '00000100' + 'ffffffff' + '00000000' + '0800010068746200');
    expect(root).toContain('1c000200' + '18000200' + '03000000' + '0a000000' + '01000000' + '0000000000000000');
    // tc class add dev d0 parent 1: classid 1:1 htb rate 1000kbps ceil 5000kbps burst 1024kb
    expect(htbClass).toContain('0000000002000000' + '01000100' + '00000100' + '00000000');
    expect(htbClass).toContain(
      '30000100' + '03010000ffff000040420f00' + '03010000ffff0000404b4c00' + '0000fa00' + '88130000' + '60ea0000' + '0000000000000000',
    );
    // tc qdisc add dev d0 parent 1:1 handle 2: sfq perturb 10
    expect(leaf).toContain(
      '0000000002000000' + '00000200' + '01000100' + '00000000' + '0800010073667100' + '4c00020000000000' + '0a000000',
    );
    // tc qdisc add dev d0 ingress
    expect(ingress).toContain('0000000002000000' + '0000ffff' + 'f1ffffff' + '00000000' + '0c000100' + '696e677265737300');
    // tc filter add dev d0 parent ffff: protocol all u32 match u32 0 0 police rate 128kbps burst 256kb mtu 64kb drop flowid :1
    expect(filter).toContain('0000000002000000' + '00000000' + '0000ffff' + '00030000' + '0800010075333200' + '74040200' + '44040600');
    expect(filter).toContain(
      '3c000100' +
        '00000000' +
        '02000000' +
        '00000000' +
        '0048e801' +
        '00000100' +
        '09010000ffff000000f40100' +
        '00'.repeat(24) +
        '04040200',
    );
    expect(filter).toContain('04040200' + '24f40000' + '48e80100' + '6cdc0200');
    expect(filter!.endsWith('080001000100000024000500' + '0100010000000000' + '00'.repeat(24))).toBe(true);
  });

  it('gives rates beyond 32 bits in an attribute of their own', () => {
    const route = recorder();
    setBandwidth(route, { index: 2, name: 'd0' }, { send: { average: 5_000_000 } });
    expect(route.sent[1]).toContain('03010000ffff0000ffffffff');
    expect(route.sent[1]).toContain('0c000600' + '00f2052a01000000');
  });

  it('does nothing without an average', () => {
    const route = recorder();
    setBandwidth(route, { index: 2, name: 'd0' }, { send: { peak: 5 }, receive: undefined });
    expect(route.sent).toEqual([]);
  });
});

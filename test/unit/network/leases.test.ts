import { describe, expect, it } from 'vitest';
import { formatJsonList, isExpired, leaseDatabase, leasesAfter, macsAfter, parseLeases, parseMacs } from '../../../src/network/leases.ts';

const MAC = '52:54:00:00:00:01';
const known = { 'ip-address': '10.0.0.2', 'mac-address': MAC, hostname: 'a', 'client-id': '01:52', 'expiry-time': 2000 };
const call = (args: string[], env: Record<string, string> = {}) => ({ args, env: { DNSMASQ_LEASE_EXPIRES: '3000', ...env }, nowS: 1000 });

describe('leasesAfter()', () => {
  it('adds, replaces and removes by address', () => {
    const added = leasesAfter([], call(['add', MAC, '10.0.0.2', 'a'], { DNSMASQ_CLIENT_ID: '01:52' }));
    expect(added).toEqual([{ ...known, 'expiry-time': 3000 }]);
    expect(leasesAfter([known], call(['old', MAC, '10.0.0.2'], { DNSMASQ_OLD_HOSTNAME: 'b' }))).toEqual([
      { 'ip-address': '10.0.0.2', 'mac-address': MAC, hostname: 'b', 'expiry-time': 3000 },
    ]);
    expect(leasesAfter([known], call(['del', MAC, '10.0.0.2']))).toEqual([]);
  });

  it('forgets what is over and ignores what is no lease', () => {
    expect(leasesAfter([{ ...known, 'expiry-time': 999 }], call(['del', MAC, '10.0.0.9']))).toEqual([]);
    expect(leasesAfter([known], call(['tftp', '99', '10.0.0.2', '/file']))).toBeUndefined();
  });

  it('keeps the identities of IPv6, and only of guests whose MAC address is known', () => {
    const env = { DNSMASQ_IAID: '7', DNSMASQ_SERVER_DUID: '00:01', DNSMASQ_MAC: MAC };
    expect(leasesAfter([], call(['add', '00:02', 'fd00::2'], env))).toEqual([
      { iaid: '7', 'ip-address': 'fd00::2', 'mac-address': MAC, 'client-id': '00:02', 'server-duid': '00:01', 'expiry-time': 3000 },
    ]);
    expect(leasesAfter([], call(['add', '00:02', 'fd00::2'], { DNSMASQ_IAID: '7' }))).toBeUndefined();
  });
});

describe('leaseDatabase()', () => {
  it('is in the form of dnsmasq', () => {
    const six = { iaid: '7', 'ip-address': 'fd00::2', 'mac-address': MAC, 'client-id': '00:02', 'server-duid': '00:01', 'expiry-time': 5 };
    expect(leaseDatabase([six, known])).toBe(`2000 ${MAC} 10.0.0.2 a 01:52\nduid 00:01\n5 7 fd00::2 * 00:02\n`);
  });
});

describe('parseLeases()', () => {
  it('reads what formatJsonList() writes', () => {
    expect(parseLeases(formatJsonList([known]), 'f')).toEqual([known]);
    expect(parseLeases('', 'f')).toEqual([]);
  });

  it.each([
    ['{', 'internal error: invalid json in file: f'],
    ['{}', 'internal error: Malformed lease_entries array'],
    ['[{"ip-address":"1.2.3.4"}]', 'internal error: found lease without mac-address'],
  ])('refuses %s', (text, message) => {
    expect(() => parseLeases(text, 'f')).toThrow(message);
  });
});

it('isExpired() takes 0 for never', () => {
  expect([0, 999, 1000].map((time) => isExpired({ ...known, 'expiry-time': time }, 1000))).toEqual([false, true, false]);
});

describe('files of others', () => {
  it.each(['', '{}', 'null', '[null,1]', '[{"domain":"a"},{"macs":[]}]', '[{"domain":"a","macs":[1]}]', 'not'])(
    'parseMacs() finds nothing in %j',
    (text) => {
      expect(parseMacs(text)).toEqual([]);
    },
  );

  it('parseMacs() finds what formatJsonList() wrote', () => {
    const entries = [{ domain: 'a&"b\n', macs: [MAC] }];
    expect(parseMacs(formatJsonList(entries))).toEqual(entries);
  });

  it('parseLeases() refuses what is no lease', () => {
    expect(() => parseLeases('[null]', 'f')).toThrow('internal error: found lease without mac-address');
  });
});

it('macsAfter() keeps one entry for each domain, and none without addresses', () => {
  const one = macsAfter([], 'web', MAC, true);
  expect(one).toEqual([{ domain: 'web', macs: [MAC] }]);
  expect(macsAfter(one, 'web', '52:54:00:00:00:02', true)).toEqual([{ domain: 'web', macs: [MAC, '52:54:00:00:00:02'] }]);
  expect(macsAfter(one, 'web', MAC, false)).toEqual([]);
  expect(formatJsonList([])).toBe('[\n\n]\n');
});

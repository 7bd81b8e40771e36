import { describe, expect, it } from 'vitest';
import { filledChains, needsRules, networkRules, removeNetworkRules } from '../../../src/network/firewall-rules.ts';
import { parseNetwork } from '../../../src/network/parse.ts';

const network = (xml: string) => parseNetwork(`<network><name>n</name><bridge name='br7'/>${xml}</network>`, { randomUuid: () => 'u' });

interface Rule {
  family: string;
  table: string;
  chain: string;
  expr: Record<string, unknown>[];
}

/** Rules in the words of nft(8), as far as these tests have them. */
function rules(xml: string): string[] {
  return networkRules(network(xml)).nftables.flatMap((command) => {
    const rule = (command['add'] as { rule?: Rule } | undefined)?.rule;
    return rule ? [`${rule.family} ${rule.chain}: ${rule.expr.map(word).filter(Boolean).join(' ')}`] : [];
  });
}

function word(expression: Record<string, unknown>): string {
  const [kind, value] = Object.entries(expression)[0]!;
  if (kind === 'counter') return '';
  if (kind !== 'match') return value === null ? kind : `${kind} ${JSON.stringify(value)}`;
  const { op, left, right } = value as { op: string; left: Record<string, Record<string, string>>; right: unknown };
  const name = Object.values(left)[0]!;
  const subnet = (right as { prefix?: { addr: string; len: number } }).prefix;
  const operand = subnet ? `${subnet.addr}/${subnet.len}` : typeof right === 'string' ? right : JSON.stringify(right);
  return `${name['key'] ?? name['field']} ${op === '==' || op === 'in' ? '' : `${op} `}${operand}`;
}

const NET = `<ip address='10.0.0.1' prefix='24'/>`;

describe('networkRules()', () => {
  it('replaces tables of its own and touches no other', () => {
    const { nftables } = networkRules(network(`<forward mode='nat'/>${NET}`));
    expect(nftables.slice(0, 3)).toEqual([
      { add: { table: { family: 'ip', name: 'virsh_lxc_br7' } } },
      { delete: { table: { family: 'ip', name: 'virsh_lxc_br7' } } },
      { add: { table: { family: 'ip', name: 'virsh_lxc_br7' } } },
    ]);
    expect(JSON.stringify(nftables)).not.toContain('flush');
    const tables = [...JSON.stringify(nftables).matchAll(/"(?:table|name)":"([^"]*)"/g)].map(([, name]) => name);
    expect(new Set(tables)).toEqual(new Set(['virsh_lxc_br7', 'forward', 'postrouting']));
  });

  it('lets guests of a nat network out and answers in', () => {
    expect(rules(`<forward mode='nat'/>${NET}`)).toEqual([
      'ip forward: iifname br7 oifname br7 accept',
      'ip forward: oifname br7 daddr 10.0.0.0/24 state ["established","related"] accept',
      'ip forward: oifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
      'ip forward: iifname br7 saddr 10.0.0.0/24 accept',
      'ip forward: iifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
      'ip postrouting: saddr 10.0.0.0/24 daddr 224.0.0.0/24 return',
      'ip postrouting: saddr 10.0.0.0/24 daddr 255.255.255.255 return',
      'ip postrouting: saddr 10.0.0.0/24 daddr != 10.0.0.0/24 l4proto {"set":["tcp","udp"]} masquerade {"port":{"range":[1024,65535]}}',
      'ip postrouting: saddr 10.0.0.0/24 daddr != 10.0.0.0/24 masquerade',
    ]);
  });

  it('translates to given addresses and ports, by a given device', () => {
    const nat = `<nat><address start='192.0.2.1' end='192.0.2.4'/><port start='500' end='1000'/></nat>`;
    expect(rules(`<forward mode='nat' dev='eth9'>${nat}</forward>${NET}`).slice(-2)).toEqual([
      'ip postrouting: saddr 10.0.0.0/24 daddr != 10.0.0.0/24 oifname eth9 l4proto {"set":["tcp","udp"]} ' +
        'snat {"family":"ip","addr":{"range":["192.0.2.1","192.0.2.4"]},"port":{"range":[500,1000]}}',
      'ip postrouting: saddr 10.0.0.0/24 daddr != 10.0.0.0/24 oifname eth9 snat {"family":"ip","addr":{"range":["192.0.2.1","192.0.2.4"]}}',
    ]);
  });

  it('routes without translation, and lets new connections in', () => {
    expect(rules(`<forward mode='route'/>${NET}`)).toEqual([
      'ip forward: iifname br7 oifname br7 accept',
      'ip forward: oifname br7 daddr 10.0.0.0/24 accept',
      'ip forward: oifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
      'ip forward: iifname br7 saddr 10.0.0.0/24 accept',
      'ip forward: iifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
    ]);
  });

  it('shuts isolated networks, for IPv6 too where they have it', () => {
    expect(rules(`${NET}<ip family='ipv6' address='fd00::1' prefix='64'/>`)).toEqual([
      'ip forward: iifname br7 oifname br7 accept',
      'ip forward: oifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
      'ip forward: iifname br7 reject {"type":"icmp","expr":"port-unreachable"}',
      'ip6 forward: iifname br7 oifname br7 accept',
      'ip6 forward: oifname br7 reject {"type":"icmpv6","expr":"port-unreachable"}',
      'ip6 forward: iifname br7 reject {"type":"icmpv6","expr":"port-unreachable"}',
    ]);
  });

  it('routes the IPv6 of a nat network unless translation is asked for', () => {
    const six = `${NET}<ip family='ipv6' address='fd00::1' prefix='64'/>`;
    expect(rules(`<forward mode='nat'/>${six}`).some((rule) => rule.startsWith('ip6 postrouting'))).toBe(false);
    expect(rules(`<forward mode='nat'><nat ipv6='yes'/></forward>${six}`)).toContain(
      'ip6 postrouting: saddr fd00::/64 daddr != fd00::/64 masquerade',
    );
  });
});

describe('removeNetworkRules()', () => {
  it('names no table but its own', () => {
    expect(removeNetworkRules('br7').nftables).toEqual([
      { add: { table: { family: 'ip', name: 'virsh_lxc_br7' } } },
      { delete: { table: { family: 'ip', name: 'virsh_lxc_br7' } } },
      { add: { table: { family: 'ip6', name: 'virsh_lxc_br7' } } },
      { delete: { table: { family: 'ip6', name: 'virsh_lxc_br7' } } },
    ]);
  });
});

describe('needsRules()', () => {
  it.each([
    ['', true],
    [`<forward mode='open'/>${NET}`, false],
    [`<forward mode='route'/>${NET}`, true],
    [`<forward mode='bridge'/>`, false],
  ])('%s: %s', (xml, needs) => {
    expect(needsRules(network(xml))).toBe(needs);
  });
});

describe('filledChains()', () => {
  it('counts what a transaction adds, by chain', () => {
    const six = `<ip family='ipv6' address='fd00::1' prefix='64'/>`;
    const chains = filledChains(networkRules(network(`<forward mode='nat'/>${NET}${six}`)));
    expect(chains.map(({ family, table, chain, rules }) => `${family} ${table} ${chain} ${rules}`)).toEqual([
      'ip virsh_lxc_br7 forward 5',
      'ip virsh_lxc_br7 postrouting 4',
      'ip6 virsh_lxc_br7 forward 5',
    ]);
    expect(filledChains(removeNetworkRules('br7'))).toEqual([]);
  });
});

describe('names of devices', () => {
  const LAN = `<ip address='10.0.0.1' prefix='24'/>`;

  it.each([
    ['br*', `<network><name>n</name><bridge name='br*'/>${LAN}</network>`],
    ['@set', `<network><name>n</name><bridge name='@set'/>${LAN}</network>`],
    ['eth*', `<network><name>n</name><bridge name='br7'/><forward mode='nat' dev='eth*'/>${LAN}</network>`],
  ])('that would stand for others are refused: %s', (name, xml) => {
    expect(() => networkRules(parseNetwork(xml, { randomUuid: () => 'u' }))).toThrow(
      `unsupported configuration: nftables has no rules for a device called '${name}'`,
    );
  });
});

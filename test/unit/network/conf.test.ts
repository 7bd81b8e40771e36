import { describe, expect, it } from 'vitest';
import { parseFirewallBackend } from '../../../src/network/conf.ts';

const parse = (text: string): string => {
  try {
    return parseFirewallBackend(text, '/n.conf');
  } catch (error) {
    return (error as Error).message;
  }
};

describe('parseFirewallBackend()', () => {
  it.each([
    ['', 'nftables'],
    ['# firewall_backend = "none"\n\n', 'nftables'],
    ['firewall_backend = "none"\n', 'none'],
    ["  firewall_backend='nftables' # ours\n", 'nftables'],
    ['other = 1\nlist = [ "a", "b" ]\nfirewall_backend = "none"', 'none'],
    [
      'firewall_backend = "iptables"',
      "unsupported configuration: requested firewall_backend 'iptables' in /n.conf is not available: it can be nftables or none",
    ],
    [
      'firewall_backend = "pf"',
      "configuration file syntax error: unrecognized firewall_backend = 'pf' set in network driver config file /n.conf",
    ],
    ['firewall_backend = 1', "internal error: /n.conf: expected a string for 'firewall_backend' parameter"],
    ['\nfirewall_backend = none', 'configuration file syntax error: /n.conf:2: expecting a value'],
    ['firewall_backend', 'configuration file syntax error: /n.conf:1: expecting an assignment'],
  ])('of %j is %s', (text, expected) => {
    expect(parse(text)).toBe(expected);
  });
});

// What happens to virtual networks behind their back, and what /etc/libvirt/network.conf says of their rules.
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NetworkHost } from '../helpers/network-host.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('rules of networks', ['root', 'built', 'busybox', 'ip', 'nft'], () => {
  const virsh = useVirsh();
  let host: NetworkHost;

  beforeAll(async () => {
    host = await NetworkHost.for(virsh);
  });
  afterEach(async () => {
    await virsh.reset();
    virsh.run('net-destroy', 'ruled');
    virsh.run('net-undefine', 'ruled');
    fs.rmSync(virsh.path('etc/libvirt/network.conf'), { force: true });
    expect(host.remains(virsh.prefix)).toEqual({ links: [], rules: '', servers: [] });
  });
  afterAll(() => host.end());

  const rules = (): string => host.run('nft', 'list', 'ruleset').replace(/counter packets \d+ bytes \d+/g, 'counter');
  const ADDRESSES = `<ip address='10.78.1.1' prefix='24'/><ip family='ipv6' address='fd00:78::1' prefix='64'/>`;
  const XML = `<network><name>ruled</name><forward mode='nat'/><bridge name='vlruled' stp='off'/>${ADDRESSES}</network>`;
  const defineNetwork = (): void => {
    virsh.ok('net-define', virsh.file('ruled.xml', XML));
  };

  describe('that others took away', () => {
    let before: string;
    beforeEach(() => {
      defineNetwork();
      virsh.ok('net-start', 'ruled');
      before = rules();
      expect(before).toContain('masquerade');
    });

    it.each([
      ['all', ['flush', 'ruleset']],
      ['a table', ['delete', 'table', 'ip6', 'virsh_lxc_vlruled']],
      ['the rules of a table', ['flush', 'table', 'ip', 'virsh_lxc_vlruled']],
      ['the rules of a chain', ['flush', 'chain', 'ip', 'virsh_lxc_vlruled', 'postrouting']],
    ])('%s come back with the next start of a domain', (_, words) => {
      host.run('nft', ...words);
      expect(rules()).not.toBe(before);
      virsh.boot({ devices: `<interface type='network'><source network='ruled'/></interface>` });
      const sorted = (text: string) => text.split(/(?=^table)/m).sort();
      expect(sorted(rules())).toEqual(sorted(before));
    });

    it('come back with net-start and net-update', () => {
      host.run('nft', 'flush', 'ruleset');
      expect(virsh.error('net-start', 'ruled')[1]).toBe('Requested operation is not valid: network is already active');
      expect(rules()).toBe(before);
      host.run('nft', 'flush', 'ruleset');
      virsh.ok('net-update', 'ruled', 'add', 'dns-host', `<host ip='10.78.1.9'><hostname>nine</hostname></host>`);
      expect(rules()).toBe(before);
    });

    it('are not made anew while they are there', () => {
      const handles = (): string[] => host.run('nft', '-a', 'list', 'ruleset').match(/^table .*/gm) ?? [];
      const known = handles();
      expect(virsh.error('net-start', 'ruled')[1]).toBe('Requested operation is not valid: network is already active');
      expect(known.join()).toMatch(/handle \d+,.*handle \d+/);
      expect(handles()).toEqual(known);
    });
  });

  describe('by network.conf', () => {
    const configure = (text: string): void => {
      virsh.file('etc/libvirt/network.conf', text);
    };

    it('none: there are none', () => {
      configure('firewall_backend = "none"\n');
      defineNetwork();
      virsh.ok('net-start', 'ruled');
      expect(rules()).toBe('');
      virsh.boot({ devices: `<interface type='network'><source network='ruled'/></interface>` });
      expect(rules()).toBe('');
    });

    it('go with their network, even where they are not wanted any more', () => {
      defineNetwork();
      configure('firewall_backend = "nftables"\n');
      virsh.ok('net-start', 'ruled');
      expect(rules()).toContain('virsh_lxc_vlruled');
      configure('firewall_backend = "none"\n');
      virsh.ok('net-destroy', 'ruled');
      expect(rules()).toBe('');
    });

    it('an error says what is wrong in it, and nothing is changed', () => {
      defineNetwork();
      const file = virsh.path('etc/libvirt/network.conf');
      for (const [text, reason] of [
        [
          'firewall_backend = "iptables"',
          `unsupported configuration: requested firewall_backend 'iptables' in ${file} is not available: it can be nftables or none`,
        ],
        ['firewall_backend', `configuration file syntax error: ${file}:1: expecting an assignment`],
      ] as const) {
        configure(text);
        expect(virsh.error('net-start', 'ruled')).toEqual(['Failed to start network ruled', reason]);
      }
      fs.rmSync(file);
      fs.mkdirSync(file);
      try {
        expect(virsh.error('net-start', 'ruled')[1]).toBe(`Failed to open file '${file}': Is a directory`);
      } finally {
        fs.rmdirSync(file);
      }
    });
  });
});

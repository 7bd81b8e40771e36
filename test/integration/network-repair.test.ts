// What happens to virtual networks behind their back.
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
});

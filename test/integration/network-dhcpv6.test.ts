import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

const CLIENT = path.resolve(import.meta.dirname, '../helpers/dhcpv6-client.cjs');
const PREFIX = 'fd00:0078:0000:0000:0000:0000:0000:';

suite('DHCPv6', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  /** The address that a container is given, and the identity of who gave it. */
  const ask = (domain: string, mac: string): string => networks.runNear(domain, process.execPath, CLIENT, 'eth0', mac).trim();
  const duidOf = (mac: string): string => `00:03:00:01:${mac}`;

  it('leases addresses of the range, and to known guests their own', () => {
    const [anyone, known] = ['52:54:00:78:00:01', '52:54:00:78:00:02'] as const;
    networks.start(
      'six',
      `<ip family='ipv6' address='fd00:78::1' prefix='64'><dhcp><range start='fd00:78::100' end='fd00:78::1ff'/>` +
        `<host id='${duidOf(known)}' name='known' ip='fd00:78::77'/></dhcp></ip>`,
    );
    const lease = (mac: string): string => {
      const domain = networks.container('six', `<mac address='${mac}'/>`);
      const address = ask(domain, mac).split(' ')[0]!;
      networks.runNear(domain, 'ip', 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad');
      expect(virsh.inside(domain, 'ping -6 -c 1 -W 2 fd00:78::1 >/dev/null && echo reached')).toBe('reached\n');
      return address;
    };
    const address = lease(anyone);
    expect(address).toMatch(new RegExp(`^${PREFIX}01[0-9a-f]{2}$`));
    expect(lease(known)).toBe(`${PREFIX}0077`);

    const rows = (...mac: string[]): string[][] => {
      const listed = virsh.ok('-q', 'net-dhcp-leases', 'six', ...mac).trimEnd();
      return listed.split('\n').map((row) => row.trim().split(/ {2,}/).slice(1));
    };
    const short = address.replace(PREFIX, 'fd00:78::').replace(/::0+/, '::');
    const ofKnown = [known, 'ipv6', 'fd00:78::77/64', 'known', duidOf(known)];
    expect(rows()).toEqual([[anyone, 'ipv6', `${short}/64`, '-', duidOf(anyone)], ofKnown]);
    expect(rows(known)).toEqual([ofKnown]);
  });

  it('goes on by the same identity, and with its leases, when dnsmasq is started again', () => {
    networks.start(
      'six',
      `<ip family='ipv6' address='fd00:78::1' prefix='64'><dhcp><range start='fd00:78::100' end='fd00:78::1ff'/></dhcp></ip>`,
    );
    const mac = '52:54:00:78:00:03';
    const domain = networks.container('six', `<mac address='${mac}'/>`);
    const before = ask(domain, mac);
    virsh.ok('net-update', 'six', 'add', 'dns-txt', `<txt name='note' value='again'/>`); // which needs another dnsmasq
    expect(ask(domain, mac)).toBe(before);
    expect(virsh.ok('-q', 'net-dhcp-leases', 'six').trim().split('\n')).toHaveLength(1);
  });
});

// Domains and networks whose names mean something in XML, in dnsmasq's configuration, or look like a part of a document.
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { escapeXml } from '../../src/xml/escape.ts';
import { eventually } from '../helpers/eventually.ts';
import { interfaceIn, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

const NAMES = ['a&b', `it's <b> & "c", #d`, '--><uuid>&amp;', "<domstatus pid='1'>"];
const MAC = '52:54:00:4e:00:01';
const LAN = `<domain name='lab'/><ip address='10.78.3.1' prefix='24'><dhcp><range start='10.78.3.2' end='10.78.3.9'/></dhcp></ip>`;

suite('names with characters of XML', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  const run = (file: string): string => virsh.path('run/libvirt/network', file);
  const lib = (file: string): string => virsh.path('var/lib/libvirt/dnsmasq', file);
  const define = (name: string): void => {
    const xml = `<network><name>${escapeXml(name)}</name><bridge name='xq&amp;0' stp='off'/>${LAN}</network>`;
    virsh.ok('net-define', virsh.file('odd.xml', xml));
  };
  const container = (name: string): void => {
    virsh.ok('define', virsh.file('domain.xml', virsh.xml(name, { devices: interfaceIn(escapeXml(name), `<mac address='${MAC}'/>`) })));
    virsh.ok('start', name);
  };

  describe.each(NAMES)('such as %s', (name) => {
    it('live a whole life, and leave nothing', async () => {
      define(name);
      virsh.ok('net-start', name);
      expect(virsh.ok('net-info', name)).toMatch(/^Active: +yes$/m);
      expect(virsh.ok('net-list', '--name')).toBe(`${name}\n\n`);
      container(name);
      expect(virsh.ok('list', '--name')).toBe(`${name}\n\n`);
      const uuid = virsh.ok('domuuid', name).trim();
      expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
      expect(virsh.ok('domname', uuid).trim()).toBe(name);
      expect(virsh.ok('dominfo', uuid)).toMatch(/^State: +running$/m);
      expect(virsh.ok('dumpxml', name)).toContain(`\n  <name>${escapeXml(name)}</name>\n  <uuid>${uuid}</uuid>\n`);
      expect(virsh.ok('domiflist', name)).toContain(` network   ${name} `);
      expect(JSON.parse(fs.readFileSync(lib('xq&0.macs'), 'utf8'))).toEqual([{ domain: name, macs: [MAC] }]);
      expect(virsh.inside(name, 'udhcpc -i eth0 -q -n -t 5 -s /bin/true && echo leased')).toBe('leased\n');
      // dnsmasq answers first, and has its leases written then.
      await eventually(() => virsh.ok('net-dhcp-leases', name).includes(MAC));
      virsh.ok('destroy', name);
      expect(JSON.parse(fs.readFileSync(lib('xq&0.macs'), 'utf8'))).toEqual([]);
      expect(virsh.ok('net-port-list', name, '--uuid').trim()).toBe('');
      virsh.ok('undefine', name);
      virsh.ok('net-destroy', name);
      virsh.ok('net-undefine', name);
      expect([fs.readdirSync(lib('')), fs.readdirSync(run('')).filter((file) => file.startsWith(name))]).toEqual([[], []]);
    });

    it('start again after their status was cut off', () => {
      define(name);
      virsh.ok('net-start', name);
      const status = run(`${name}.xml`);
      const whole = fs.readFileSync(status, 'utf8');
      fs.writeFileSync(status, whole.slice(0, whole.indexOf('<ip ')));
      virsh.ok('net-start', name);
      expect(virsh.ok('net-info', name)).toMatch(/^Active: +yes$/m);
    });
  });
  it('that are too long for a device of the network are told so, and what was wrong is not hidden by what follows', () => {
    const long = 'averyveryverylongname';
    const tooLong = `Network interface name '${long}' is too long: Numerical result out of range`;
    networks.start('lan', LAN);
    for (const device of [
      `<interface type='network'><source network='lan'/><target dev='${long}'/></interface>`,
      `<interface type='bridge'><source bridge='${long}'/></interface>`,
      `<interface type='direct'><source dev='${long}'/></interface>`,
      `<interface type='ethernet'><target dev='${long}'/></interface>`,
      `<hostdev mode='capabilities' type='net'><source><interface>${long}</interface></source></hostdev>`,
    ]) {
      const domain = virsh.define({ devices: device });
      expect([device, virsh.error('start', domain)]).toEqual([device, [`Failed to start domain '${domain}'`, tooLong]]);
    }
    const domain = virsh.boot({ more: '<features><privnet/></features>' });
    expect(virsh.error('attach-interface', domain, 'bridge', long)).toEqual(['Failed to attach interface', tooLong]);
    expect(virsh.error('attach-interface', domain, 'network', 'lan', '--target', long)).toEqual(['Failed to attach interface', tooLong]);
    expect(virsh.ok('net-port-list', 'lan', '--uuid').trim()).toBe('');
    networks.define('n', `<bridge name='${long}'/><ip address='10.78.4.1' prefix='24'/>`);
    expect(virsh.error('net-start', 'n')).toEqual(['Failed to start network n', tooLong]);
  });
});

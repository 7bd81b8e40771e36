// Interfaces of virtual networks while their domain runs: what its XML shows of them, and what can be changed.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NetworkHost } from '../helpers/network-host.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const MAC = '52:54:00:4e:00:01';

suite('interfaces of running domains', ['root', 'built', 'busybox', 'ip', 'nft'], () => {
  const virsh = useVirsh();
  let host: NetworkHost;

  beforeAll(async () => {
    host = await NetworkHost.for(virsh);
    for (const bridge of ['hostbr', 'otherbr']) {
      host.run('ip', 'link', 'add', bridge, 'type', 'bridge');
      host.run('ip', 'link', 'set', bridge, 'up');
    }
  });
  afterEach(async () => {
    await virsh.reset();
    for (const name of virsh.ok('net-list', '--name').split('\n').filter(Boolean)) virsh.ok('net-destroy', name);
    for (const name of virsh.ok('net-list', '--all', '--name').split('\n').filter(Boolean)) virsh.ok('net-undefine', name);
    expect(host.remains(virsh.prefix)).toEqual({ links: ['hostbr', 'otherbr'], rules: '', servers: [] });
  });
  afterAll(() => host.end());

  const network = (name: string, xml: string): void => {
    virsh.ok('net-define', virsh.file(`${name}.xml`, `<network><name>${name}</name>${xml}</network>`));
    virsh.ok('net-start', name);
  };
  const interfaceIn = (name: string, more = ''): string =>
    `<interface type='network'><mac address='${MAC}'/><source network='${name}'/>${more}</interface>`;
  const interfaceOf = (domain: string, ...args: string[]): string =>
    /<interface[\s\S]*<\/interface>/.exec(virsh.ok('dumpxml', domain, ...args))![0].replace(/^ {4}/gm, '');

  it('show the bridge of the host to which their network leads', () => {
    const groups = `<portgroup name='slow'><bandwidth><inbound average='1000'/></bandwidth></portgroup>`;
    network('br', `<forward mode='bridge'/><bridge name='hostbr'/><port isolated='yes'/>${groups}`);
    const domain = virsh.boot({
      devices: `<interface type='network'><mac address='${MAC}'/><source network='br' portgroup='slow'/></interface>`,
    });
    const portid = virsh.ok('net-port-list', 'br', '--uuid').trim();
    expect(interfaceOf(domain)).toMatch(
      new RegExp(`^<interface type='bridge'>
  <mac address='${MAC}'/>
  <source network='br' portgroup='slow' portid='${portid}' bridge='hostbr'/>
  <bandwidth>
    <inbound average='1000'/>
  </bandwidth>
  <port isolated='yes'/>
  <target dev='vnet\\d+'/>
  <guest dev='eth0'/>
</interface>$`),
    );
    const stored = `<interface type='network'>
  <mac address='${MAC}'/>
  <source network='br' portgroup='slow'/>
</interface>`;
    expect(interfaceOf(domain, '--inactive')).toBe(stored);
    virsh.ok('undefine', domain);
    expect(interfaceOf(domain, '--inactive')).toMatch(/^<interface type='network'>\n.*\n {2}<source network='br' portgroup='slow'\/>\n/);
    expect(virsh.ok('domiflist', domain)).toMatch(new RegExp(` vnet\\d+ +bridge +br +- +${MAC}\n`));
    expect(host.run('ip', '-d', 'link', 'show', 'master', 'hostbr')).toContain('isolated on');
    virsh.ok('detach-interface', domain, 'bridge', '--mac', MAC);
    expect(virsh.ok('net-port-list', 'br', '--uuid').trim()).toBe('');
  });

  it('show the device of the host on which their network put them', () => {
    network('mv', `<forward mode='private'><interface dev='hostbr'/></forward>`);
    const domain = virsh.boot({ devices: interfaceIn('mv') });
    const portid = virsh.ok('net-port-list', 'mv', '--uuid').trim();
    expect(interfaceOf(domain)).toBe(`<interface type='direct'>
  <mac address='${MAC}'/>
  <source network='mv' portid='${portid}' dev='hostbr' mode='private'/>
  <guest dev='eth0'/>
</interface>`);
    virsh.ok('destroy', domain);
    expect(virsh.ok('net-port-list', 'mv', '--uuid').trim()).toBe('');
  });

  it('are refused a vlan that their network asks for', () => {
    network('tagged', `<forward mode='passthrough'><interface dev='hostbr'/></forward><vlan><tag id='7'/></vlan>`);
    const domain = virsh.define({ devices: interfaceIn('tagged') });
    expect(virsh.error('start', domain)[1]).toBe(
      `unsupported configuration: interface ${MAC} - vlan tag not supported for this connection type`,
    );
    expect(virsh.ok('net-port-list', 'tagged', '--uuid').trim()).toBe('');
  });
});

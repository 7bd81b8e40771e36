// Interfaces of virtual networks while their domain runs: what its XML shows of them, and what can be changed.
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NetworkHost } from '../helpers/network-host.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { serverCommand } from '../helpers/wire.ts';

const MAC = '52:54:00:4e:00:01';

suite('interfaces of running domains', ['root', 'built', 'busybox', 'ip', 'nft', 'dnsmasq'], () => {
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
    expect(interfaceOf(domain, '--inactive')).toBe(stored);
    expect(virsh.ok('domiflist', domain, '--inactive')).toContain(` -           network   br       -       ${MAC}\n`);
    expect(virsh.ok('domiflist', domain)).toMatch(new RegExp(` vnet\\d+ +bridge +br +- +${MAC}\n`));
    expect(host.run('ip', '-d', 'link', 'show', 'master', 'hostbr')).toContain('isolated on');
    virsh.ok('detach-interface', domain, 'bridge', '--mac', MAC);
    expect(virsh.ok('net-port-list', 'br', '--uuid').trim()).toBe('');
  });

  it.skipIf(requires('python3_libvirt', 'htb'))('have ports whose rates others may set', () => {
    network('q', `<bridge name='qbr'/><bandwidth><inbound average='1000'/></bandwidth>`);
    virsh.boot({ devices: interfaceIn('q', "<bandwidth><inbound average='100'/></bandwidth>") });
    const portid = virsh.ok('net-port-list', 'q', '--uuid').trim();
    const python = (text: string): string[] => {
      const prelude = `
import libvirt
libvirt.registerErrorHandler(lambda *a: None, None)
p = libvirt.open('lxc+ext:///?command=${serverCommand(virsh)}').networkLookupByName('q').portLookupByUUIDString('${portid}')
tell = lambda: print(' '.join('%s=%d' % (k, v) for k, v in sorted(p.parameters().items()) if v))
`;
      return host.run('/usr/bin/python3', '-c', `${prelude}${text}`).split('\n');
    };
    const set = `
tell()
p.setParameters({'inbound.floor': 50, 'outbound.average': 70}, 0)
tell()
try: p.setParameters({'inbound.average': 1, 'inbound.floor': 5000}, 0)
except libvirt.libvirtError as e: print(e)
`;
    const classes = () => host.run('tc', 'class', 'show', 'dev', 'qbr').match(/rate \S+/g);
    const before = classes();
    expect(python(set)).toEqual([
      'inbound.average=100',
      'inbound.floor=50 outbound.average=70',
      "Requested operation is not valid: Cannot plug '52:54:00:4e:00:01' interface into 'qbr' because new combined inbound " +
        "floor=5000 would overcommit average=1000 on network 'q'",
      '',
    ]);
    expect(classes()).toContain('rate 400Kbit');
    expect(python("p.setParameters({'inbound.average': 0, 'outbound.average': 0}, 0)\ntell()")).toEqual(['', '']);
    expect(classes()).toEqual(before);
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

  const tc = (what: string, dev: string): string => host.run('tc', '-s', what, 'show', 'dev', dev);
  const classes = (dev: string): string[] =>
    [...tc('class', dev).matchAll(/class htb (1:\S+) .*rate (\S+) ceil (\S+)/g)].map((found) => found.slice(1).join(' ')).sort();
  const status = (name: string): string[] =>
    fs.readFileSync(virsh.path(`run/libvirt/network/${name}.xml`), 'utf8').match(/<(class_id|floor) .*>/g) ?? [];
  const SHARED = `<bridge name='vlshared' stp='off'/><bandwidth><inbound average='1000' peak='2000'/></bandwidth><ip address='10.80.1.1' prefix='24'/>`;
  const floor = (rate: number, n: number): string =>
    `<interface type='network'><mac address='52:54:00:4e:01:0${n}'/><source network='shared'/><bandwidth><inbound floor='${rate}'/></bandwidth>` +
    `<ip address='10.80.1.${n}' prefix='24'/></interface>`;

  it('are guaranteed their part of what their network receives', () => {
    network('shared', SHARED);
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 8Mbit 16Mbit']);
    const one = virsh.boot({ devices: floor(500, 2) });
    const two = virsh.boot({ devices: floor(700, 3) });
    expect(interfaceOf(one)).toContain(`<bandwidth classID='3'>\n    <inbound floor='500'/>`);
    expect(interfaceOf(one, '--inactive')).toContain(`<bandwidth>\n    <inbound floor='500'/>`);
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 6400Kbit 16Mbit', '1:3 4Mbit 16Mbit', '1:4 5600Kbit 16Mbit']);
    expect(status('shared')).toEqual([`<class_id bitmap='0-4'/>`, `<floor sum='1200'/>`]);
    virsh.ok('net-update', 'shared', 'add', 'dns-host', `<host ip='10.80.1.9'><hostname>nine</hostname></host>`, '--live');
    expect(status('shared')).toEqual([`<class_id bitmap='0-4'/>`, `<floor sum='1200'/>`]);
    const ports = virsh.ok('net-port-list', 'shared', '--uuid').trim().split('\n');
    expect(ports.map((port) => /<bandwidth.*>/.exec(virsh.ok('net-port-dumpxml', 'shared', port))![0]).sort()).toEqual([
      `<bandwidth classID='3'>`,
      `<bandwidth classID='4'>`,
    ]);

    const sent = (id: string): number => Number(new RegExp(`class htb ${id} [\\s\\S]*?Sent (\\d+)`).exec(tc('class', 'vlshared'))![1]);
    const before = [sent('1:3'), sent('1:4')];
    host.run('busybox', 'ping', '-c', '3', '-s', '1000', '-W', '2', '10.80.1.3');
    expect(sent('1:4') - before[1]!).toBeGreaterThan(3000);
    expect(sent('1:3') - before[0]!).toBeLessThan(1000);

    const third = virsh.define({ devices: floor(801, 4) });
    expect(virsh.error('start', third)[1]).toBe(
      `Requested operation is not valid: Cannot plug '52:54:00:4e:01:04' interface into 'vlshared' because new combined inbound floor=2001 would overcommit peak=2000 on network 'shared'`,
    );
    virsh.ok('destroy', one);
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 10400Kbit 16Mbit', '1:4 5600Kbit 16Mbit']);
    expect(status('shared')).toEqual([`<class_id bitmap='0-2,4'/>`, `<floor sum='700'/>`]);
    virsh.ok('start', third);
    expect(interfaceOf(third)).toContain(`<bandwidth classID='3'>`);
    virsh.ok('destroy', two);
    virsh.ok('destroy', third);
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 16Mbit 16Mbit']);
    expect(status('shared')).toEqual([`<class_id bitmap='0-2'/>`, `<floor sum='0'/>`]);
  });

  it('are guaranteed nothing by a network that has nothing to share out', () => {
    network('shared', `<bridge name='vlshared' stp='off'/>`);
    network('br', `<forward mode='bridge'/><bridge name='hostbr'/>`);
    const misuse = `Operation not supported: Invalid use of 'floor' on interface with MAC address 52:54:00:4e:01:02 - `;
    expect(virsh.error('start', virsh.define({ devices: floor(5, 2) }))[1]).toBe(`${misuse}network 'shared' has no inbound QoS set`);
    expect(virsh.error('start', virsh.define({ devices: floor(5, 2).replace("'shared'", "'br'") }))[1]).toBe(
      `${misuse}'floor' is only supported for interface type 'network' with forward type 'nat', 'route', 'open' or none`,
    );
    for (const name of ['shared', 'br']) expect(virsh.ok('net-port-list', name, '--uuid').trim()).toBe('');
  });

  const bridgeOf = (domain: string): string => {
    const dev = /<target dev='([^']*)'/.exec(interfaceOf(domain))![1]!;
    return /master (\S+)/.exec(host.run('ip', '-o', 'link', 'show', dev))![1]!;
  };
  const deviceOf = (domain: string): string => /<target dev='([^']*)'/.exec(interfaceOf(domain))![1]!;
  const plain = (source: string, more = ''): string =>
    `<interface type='bridge'><mac address='${MAC}'/><source bridge='${source}'/>${more}</interface>`;
  const update = (domain: string, xml: string, ...flags: string[]): string =>
    virsh.ok('update-device', domain, virsh.file('u.xml', xml), ...flags);
  const carrier = (domain: string): string => virsh.inside(domain, 'cat /sys/class/net/eth0/carrier 2>&1').trim();

  it('of a transient domain have no generated names in its configuration', () => {
    const devices = `${plain('hostbr')}<interface type='bridge'><source bridge='hostbr'/><target dev='mine0'/></interface>`;
    const domain = virsh.name();
    virsh.ok('create', virsh.file('transient.xml', virsh.xml(domain, { devices })));
    expect(virsh.ok('domiflist', domain)).toMatch(/^ vnet\d+ +bridge +hostbr +.*\n mine0 /m);
    expect(virsh.ok('domiflist', domain, '--inactive')).toMatch(/^ - +bridge +hostbr +.*\n mine0 /m);
    expect(virsh.ok('dumpxml', domain, '--inactive').match(/<target dev=.*>/g)).toEqual([`<target dev='mine0'/>`]);
  });

  it('lose and get their link', () => {
    const domain = virsh.boot({ devices: plain('hostbr') });
    expect(carrier(domain)).toBe('1');
    expect(virsh.error('domif-setlink', domain, MAC, 'down')).toEqual([
      'Failed to update interface link state',
      'Operation not supported: Unable to modify live devices',
    ]);
    expect(virsh.ok('domif-setlink', domain, MAC, 'down', '--live')).toBe('Device updated successfully\n\n');
    expect(carrier(domain)).toBe('0');
    expect(virsh.ok('domif-getlink', domain, MAC)).toBe(`${MAC} down\n`);
    expect(virsh.ok('domif-getlink', domain, MAC, '--config')).toBe(`${MAC} up\n`);
    virsh.ok('domif-setlink', domain, deviceOf(domain), 'up', '--live');
    expect(carrier(domain)).toBe('1');
    virsh.ok('domif-setlink', domain, MAC, 'down', '--live', '--config');
    expect([carrier(domain), virsh.ok('domif-getlink', domain, MAC, '--config')]).toEqual(['0', `${MAC} down\n`]);
    update(domain, plain('hostbr', `<link state='up'/>`), '--persistent');
    expect([carrier(domain), virsh.ok('domif-getlink', domain, MAC, '--config')]).toEqual(['1', `${MAC} up\n`]);
  });

  it('that started with their cable pulled work when it is plugged in', () => {
    const domain = virsh.boot({ devices: plain('hostbr', `<link state='down'/>`) });
    virsh.ok('domif-setlink', domain, MAC, 'up', '--live');
    expect(carrier(domain)).toBe('1');
  });

  it('are plugged into another bridge, into a network, and back', () => {
    network('own', `<bridge name='vlown' stp='off'/>`);
    network('br', `<forward mode='bridge'/><bridge name='otherbr'/>`);
    network('mv', `<forward mode='private'><interface dev='hostbr'/></forward>`);
    const ports = (name: string): number => virsh.ok('net-port-list', name, '--uuid').split('\n').filter(Boolean).length;
    const domain = virsh.boot({ devices: plain('hostbr') });
    const name = deviceOf(domain);
    update(domain, plain('otherbr', `<port isolated='yes'/>`), '--live');
    expect([bridgeOf(domain), virsh.ok('dumpxml', domain, '--inactive').includes('otherbr')]).toEqual(['otherbr', false]);
    expect(host.run('ip', '-d', 'link', 'show', name)).toContain('isolated on');
    update(domain, interfaceIn('own'));
    expect([bridgeOf(domain), ports('own'), deviceOf(domain)]).toEqual(['vlown', 1, name]);
    expect(host.run('ip', '-d', 'link', 'show', name)).toContain('isolated off');
    update(domain, interfaceIn('br'), '--current');
    expect([bridgeOf(domain), ports('own'), ports('br')]).toEqual(['otherbr', 0, 1]);
    update(domain, interfaceOf(domain), '--live');
    expect(ports('br')).toBe(1);
    const file = virsh.file('mv.xml', interfaceIn('mv'));
    expect(virsh.error('update-device', domain, file, '--live')).toEqual([
      `Failed to update device from ${file}`,
      "Operation not supported: Unable to modify live devices: network 'mv' has no bridge",
    ]);
    expect([ports('br'), ports('mv')]).toEqual([1, 0]);
    const missing = virsh.file('missing.xml', plain('nosuchbr'));
    expect(virsh.error('update-device', domain, missing, '--live')[1]).toBe(`Unable to add bridge nosuchbr port ${name}: No such device`);
    expect([bridgeOf(domain), ports('br')]).toEqual(['otherbr', 1]);
    update(domain, plain('hostbr'), '--live', '--config');
    expect([bridgeOf(domain), ports('br')]).toEqual(['hostbr', 0]);
    const model = virsh.file('model.xml', plain('hostbr', `<model type='virtio'/>`));
    expect(virsh.error('update-device', domain, model, '--live', '--config')[1]).toMatch(
      /^Operation not supported: Unable to modify live devices/,
    );
    expect(virsh.ok('dumpxml', domain, '--inactive')).not.toContain('virtio');
  });

  it('get other rates', () => {
    const domain = virsh.boot({ devices: plain('hostbr') });
    const name = deviceOf(domain);
    expect(virsh.error('domiftune', domain, MAC)).toEqual([
      'Unable to get number of interface parameters',
      'this function is not supported by the connection driver: virDomainGetInterfaceParameters',
    ]);
    expect(virsh.ok('domiftune', domain, MAC, '--inbound', '1000,2000,64', '--live')).toBe('\n');
    expect(classes(name)).toEqual(['1:1 8Mbit 16Mbit']);
    expect(virsh.ok('domiftune', domain, name, '--live')).toBe(`inbound.average: 1000
inbound.peak   : 2000
inbound.burst  : 64
inbound.floor  : 0
outbound.average: 0
outbound.peak  : 0
outbound.burst : 0

`);
    expect(virsh.ok('domiftune', domain, MAC, '--config')).toContain('inbound.average: 0\n');
    virsh.ok('domiftune', domain, MAC, '--inbound', '0');
    expect(classes(name)).toEqual([]);
    expect(interfaceOf(domain)).not.toContain('bandwidth');
    update(domain, plain('hostbr', `<bandwidth><inbound average='500'/></bandwidth>`), '--live');
    expect(classes(name)).toEqual(['1:1 4Mbit 4Mbit']);
    update(domain, plain('hostbr'), '--live');
    expect(classes(name)).toEqual([]);
    virsh.ok('domiftune', domain, MAC, '--outbound', '5', '--config');
    expect(virsh.ok('dumpxml', domain, '--inactive')).toContain(`<outbound average='5'/>`);
    expect(virsh.ok('dumpxml', domain)).not.toContain('<outbound');
    expect(virsh.error('domiftune', domain, MAC, '--inbound', ',,,5', '--live')).toEqual([
      'Unable to set interface parameters',
      'unsupported configuration: floor attribute is not supported for this config',
    ]);
    expect(virsh.error('domiftune', domain, 'nosuch', '--live')[1]).toBe("invalid argument: 'nosuch' is not a known interface");
  });

  it('get rates for what they send, where the kernel can police', ({ skip }) => {
    const domain = virsh.boot({ devices: plain('hostbr') });
    const limits = () => host.run('tc', 'filter', 'show', 'dev', deviceOf(domain), 'ingress');
    const { status: failed, stderr } = virsh.run('domiftune', domain, MAC, '--inbound', '1000', '--outbound', '500', '--live');
    if (stderr.includes('Failed to load TC action module')) {
      expect(classes(deviceOf(domain))).toEqual([]);
      skip('the kernel has no act_police');
    }
    expect(failed).toBe(0);
    expect(limits()).toContain('rate 4Mbit');
    virsh.ok('domiftune', domain, MAC, '--inbound', '0', '--live');
    expect(interfaceOf(domain)).toContain(`<bandwidth>\n    <outbound average='500'/>`);
    expect(limits()).toContain('rate 4Mbit');
    virsh.ok('domiftune', domain, MAC, '--outbound', '0', '--live');
    expect(limits()).toBe('');
  });

  it('get, change and give back what their network guarantees', () => {
    network('shared', SHARED);
    const domain = virsh.boot({ devices: floor(500, 2) });
    const mac = '52:54:00:4e:01:02';
    const tuned = (...words: string[]) => virsh.ok('domiftune', domain, mac, ...words);
    tuned('--inbound', '900,,,800', '--live');
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 9600Kbit 16Mbit', '1:3 6400Kbit 16Mbit']);
    expect(classes(deviceOf(domain))).toEqual(['1:1 7200Kbit 7200Kbit']);
    expect(status('shared')).toEqual([`<class_id bitmap='0-3'/>`, `<floor sum='800'/>`]);
    expect(virsh.error('domiftune', domain, mac, '--inbound', ',,,2001', '--live')[1]).toContain('would overcommit peak=2000');
    expect(tuned('--live')).toContain('inbound.floor  : 800\n');
    tuned('--inbound', '900', '--live');
    expect(classes('vlshared')).toEqual(['1:1 8Mbit 16Mbit', '1:2 16Mbit 16Mbit']);
    expect(status('shared')).toEqual([`<class_id bitmap='0-2'/>`, `<floor sum='0'/>`]);
    expect(interfaceOf(domain)).toContain('<bandwidth>');
    tuned('--inbound', ',,,10', '--live');
    expect(status('shared')).toEqual([`<class_id bitmap='0-3'/>`, `<floor sum='10'/>`]);
    expect(virsh.ok('dumpxml', domain, '--inactive')).toContain(`<inbound floor='500'/>`);
  });
});

import { describe, expect, it } from 'vitest';
import { type DiskOptions, diskDocument, interfaceDocument, parseBandwidthRate } from '../../../src/virsh/device-document.ts';

const disk = (options: Partial<DiskOptions>) => diskDocument({ source: '/dev/x', sourceIsBlock: true, target: 'sda', ...options });

describe('diskDocument()', () => {
  it('has every option in its place', () => {
    const options = {
      driver: 'qemu',
      subdriver: 'raw',
      cache: 'none',
      io: 'native',
      iothread: '1',
      serial: 'S',
      wwn: '5000c50015ea71ad',
      alias: 'ua-1',
      rawio: true,
      bus: 'virtio',
      device: 'lun',
      mode: 'shareable',
    };
    expect(disk(options)).toBe(`<disk type='block' device='lun' rawio='yes'>
  <driver name='qemu' type='raw' iothread='1' cache='none' io='native'/>
  <source dev='/dev/x'/>
  <target dev='sda' bus='virtio'/>
  <shareable/>
  <serial>S</serial>
  <alias name='ua-1'/>
  <wwn>5000c50015ea71ad</wwn>
</disk>
`);
  });

  it('is of the type that the source is of, unless it is told', () => {
    expect(disk({ sourceIsBlock: false })).toContain("<disk type='file'>\n  <source file='/dev/x'/>");
    expect(disk({ sourcetype: 'file' })).toContain("<disk type='file'>");
    expect(() => disk({ sourcetype: 'tape' })).toThrow("Unknown source type: 'tape'");
  });

  it('reads network sources', () => {
    expect(disk({ protocol: 'nbd', hostName: 'h:10', hostTransport: 'tcp' })).toContain(
      "<source protocol='nbd' name='/dev/x'>\n    <host transport='tcp' name='h' port='10'/>\n  </source>",
    );
    expect(() => disk({ sourcetype: 'network' })).toThrow('--source-protocol option requires --sourcetype network');
    expect(() => disk({ sourcetype: 'file', protocol: 'nbd' })).toThrow('--source-protocol option requires --sourcetype network');
  });

  it.each([
    ['scsi:1.2.3', 'sda', "<address type='drive' controller='1' bus='2' unit='3'/>"],
    ['ide:0.0.1', 'hdb', "<address type='drive' controller='0' bus='0' unit='1'/>"],
    ['usb:0.1', 'sda', "<address type='usb' bus='0' port='1'/>"],
    ['pci:0000.00.0a.0', 'vda', "<address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/>"],
    ['ccw:0xfe.0.0', 'vda', "<address type='ccw' cssid='0xfe' ssid='0x0' devno='0x0000'/>"],
  ])('reads the address %s', (address, target, expected) => {
    expect(disk({ address, target })).toContain(expected);
  });

  it('refuses addresses that are malformed or of another bus than the target', () => {
    for (const address of ['foo:0.0.1', 'pci:0.0.1', 'scsi:0.0', 'scsi']) expect(() => disk({ address })).toThrow('Invalid address.');
    expect(() => disk({ address: 'scsi:0.0.1', target: 'vda' })).toThrow('expecting a pci:0000.00.00.00 or ccw:00.0.0000 address.');
    expect(() => disk({ address: 'scsi:0.0.1', target: 'hda' })).toThrow('expecting an ide:00.00.00 address.');
    expect(() => disk({ address: 'pci:0.0.1.0' })).toThrow('expecting a scsi:00.00.00 or usb:00.00 or sata:00.00.00 address.');
  });

  it('refuses other modes', () => {
    expect(() => disk({ mode: 'w' })).toThrow("No support for w in command 'attach-disk'");
  });
});

describe('interfaceDocument()', () => {
  const nic = (options: Partial<Parameters<typeof interfaceDocument>[0]>) =>
    interfaceDocument({ type: 'bridge', source: 'br0', ...options });

  it('has every option in its place', () => {
    const mac = '52:54:00:aa:10:04';
    const options = { target: 'tap0', mac, script: '/x', model: 'virtio', alias: 'ua-1', inbound: '1,2,3,4', outbound: '5', managed: true };
    expect(nic(options)).toBe(`<interface type='bridge' managed='yes'>
  <source bridge='br0'/>
  <target dev='tap0'/>
  <mac address='52:54:00:aa:10:04'/>
  <script path='/x'/>
  <model type='virtio'/>
  <alias name='ua-1'/>
  <bandwidth>
    <inbound average='1' peak='2' burst='3' floor='4'/>
    <outbound average='5'/>
  </bandwidth>
</interface>
`);
  });

  it('escapes values', () => {
    expect(nic({ source: `a&b'c` })).toContain("bridge='a&amp;b&apos;c'");
  });

  it('leaves out the fields of a rate that are empty', () => {
    expect(nic({ inbound: '5,,3' })).toContain("<inbound average='5' burst='3'/>");
    expect(nic({ inbound: ',,,4' })).toContain("<inbound floor='4'/>");
  });

  it.each([
    [{ inbound: 'x' }, "field 'average' is malformed"],
    [{ inbound: '1,-2' }, "field 'peak' is malformed"],
    [{ inbound: '1,2,3,4,5' }, "Rate string '1,2,3,4,5' has too many fields"],
    [{ inbound: '0' }, 'either inbound average or floor is mandatory'],
    [{ outbound: '0' }, 'outbound average is mandatory'],
    [{ outbound: '1,2,3,4' }, 'outbound floor is unsupported yet'],
    [{ type: 'user' }, "No support for user in command 'attach-interface'"],
    [{ sourceMode: 'bridge' }, 'Invalid source mode: bridge'],
    [{ type: 'hostdev', source: '01:02.3' }, "cannot parse pci address '01:02.3' for network interface"],
  ])('refuses %j', (options, message) => {
    expect(() => nic(options)).toThrow(message);
  });

  it('takes the PCI address of a host device', () => {
    expect(nic({ type: 'hostdev', source: '0:1:02.3' })).toContain(
      "<address type='pci' domain='0x0000' bus='0x01' slot='0x02' function='0x3'/>",
    );
  });
});

describe('parseBandwidthRate()', () => {
  it.each<[string, 'inbound' | 'outbound', object | string]>([
    ['1,2,3,4', 'inbound', { average: 1, peak: 2, burst: 3, floor: 4 }],
    [',,,4', 'inbound', { floor: 4 }],
    ['7', 'outbound', { average: 7 }],
    ['0', 'inbound', {}],
    ['0,0,0', 'outbound', {}],
    ['0,5', 'inbound', 'either inbound average or floor is mandatory'],
    [',5', 'outbound', 'outbound average is mandatory'],
    ['1,2,3,4', 'outbound', 'outbound floor is unsupported yet'],
    ['4294967296', 'inbound', 'inbound rate larger than maximum 4294967295'],
    ['x', 'inbound', "field 'average' is malformed"],
    ['1,2,3,4,5', 'inbound', "Rate string '1,2,3,4,5' has too many fields"],
  ])('reads %s as %s', (text, direction, expected) => {
    if (typeof expected === 'string') expect(() => parseBandwidthRate(text, direction)).toThrow(expected);
    else expect(parseBandwidthRate(text, direction)).toEqual(expected);
  });
});

import { describe, expect, it } from 'vitest';
import {
  diskElement,
  diskElementWithMedia,
  interfaceElement,
  interfaceElementWithLink,
  interfaceLinkState,
} from '../../../src/virsh/device-element.ts';

const DOCUMENT = `<domain type='lxc'>
  <devices>
    <disk type='block' device='disk'>
      <source dev='/dev/loop0'/>
      <target dev='sda' bus='scsi'/>
    </disk>
    <disk type='block' device='cdrom'>
      <source dev='/dev/sr0' startupPolicy='optional'/>
      <target dev='hdc' bus='ide'/>
      <serial>a&lt;b&quot;c</serial>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='hdd' bus='ide'/>
    </disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:0a'/>
      <source bridge='br0'/>
    </interface>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:02'/>
      <source bridge='br1'/>
      <target dev='tap2'/>
      <link state='down'/>
    </interface>
  </devices>
</domain>
`;

describe('diskElement()', () => {
  it('finds a disk by target or source and prints it as it stands there', () => {
    const expected =
      '<disk type="block" device="disk">\n      <source dev="/dev/loop0"/>\n      <target dev="sda" bus="scsi"/>\n    </disk>';
    expect(diskElement(DOCUMENT, 'sda')).toBe(expected);
    expect(diskElement(DOCUMENT, '/dev/loop0')).toBe(expected);
  });

  it('escapes as libxml2 does', () => {
    expect(diskElement(DOCUMENT, 'hdc')).toContain('<serial>a&lt;b"c</serial>');
  });

  it('says whether there is no such disk, or none at all', () => {
    expect(() => diskElement(DOCUMENT, 'sdz')).toThrow('No disk found whose source path or target is sdz');
    expect(() => diskElement('<domain><devices/></domain>', 'sda')).toThrow('Failed to get disk information');
  });
});

describe('diskElementWithMedia()', () => {
  const change = { source: undefined, block: false };

  it('takes a medium out', () => {
    expect(diskElementWithMedia(DOCUMENT, 'hdc', { ...change, action: 'eject' })).toBe(
      '<disk type="file" device="cdrom">\n      \n      <target dev="hdc" bus="ide"/>\n      <serial>a&lt;b"c</serial>\n    </disk>',
    );
    expect(() => diskElementWithMedia(DOCUMENT, 'hdd', { ...change, action: 'eject' })).toThrow("The disk device 'hdd' doesn't have media");
  });

  it('puts one in', () => {
    expect(diskElementWithMedia(DOCUMENT, 'hdd', { action: 'insert', source: '/dev/sr1', block: true })).toBe(
      '<disk type="block" device="cdrom">\n      <source dev="/dev/sr1"/>\n      <target dev="hdd" bus="ide"/>\n    </disk>',
    );
    expect(() => diskElementWithMedia(DOCUMENT, 'hdc', { ...change, action: 'insert', source: '/x' })).toThrow("'hdc' already has media");
    expect(() => diskElementWithMedia(DOCUMENT, 'hdd', { ...change, action: 'insert' })).toThrow('New disk media source was not specified');
  });

  it('keeps the start-up policy of the drive', () => {
    expect(diskElementWithMedia(DOCUMENT, 'hdc', { ...change, action: 'update', source: '/x.iso' })).toContain(
      '<source file="/x.iso" startupPolicy="optional"/>',
    );
  });

  it('looks at drives only', () => {
    expect(() => diskElementWithMedia(DOCUMENT, 'sda', { ...change, action: 'eject' })).toThrow('No disk found');
  });
});

describe('interfaceElement()', () => {
  it('finds one by type and MAC address, however that is written', () => {
    expect(interfaceElement(DOCUMENT, 'bridge', '52:54:0:0:0:A')).toContain('<source bridge="br0"/>');
  });

  it('wants exactly one', () => {
    expect(() => interfaceElement(DOCUMENT, 'bridge', undefined)).toThrow(
      'Domain has 2 interfaces. Please specify which one to detach using --mac',
    );
    expect(() => interfaceElement(DOCUMENT, 'direct', undefined)).toThrow('No interface found whose type is direct');
    expect(() => interfaceElement(DOCUMENT, 'bridge', '52:54:00:00:00:99')).toThrow(
      'No interface with MAC address 52:54:00:00:00:99 was found',
    );
    const twice = DOCUMENT.replace('0:02', '0:0a');
    expect(() => interfaceElement(twice, 'bridge', '52:54:00:00:00:0a')).toThrow('Domain has multiple interfaces matching MAC address');
  });
});

describe('the link of an interface', () => {
  it('is up unless its XML says otherwise', () => {
    expect(interfaceLinkState(DOCUMENT, '52:54:00:00:00:0A')).toBe('up');
    expect(interfaceLinkState(DOCUMENT, 'tap2')).toBe('down');
    expect(() => interfaceLinkState(DOCUMENT, 'tap3')).toThrow('Interface (dev: tap3) not found.');
    expect(() => interfaceLinkState(DOCUMENT, '52:54:00:00:00:99')).toThrow('Interface (mac: 52:54:00:00:00:99) not found.');
  });

  it('is changed in place, or added at the end', () => {
    expect(interfaceElementWithLink(DOCUMENT, 'tap2', 'up')).toContain('<target dev="tap2"/>\n      <link state="up"/>\n    </interface>');
    expect(interfaceElementWithLink(DOCUMENT, '52:54:00:00:00:0a', 'down')).toMatch(
      /<source bridge="br0"\/>\n {4}<link state="down"\/><\/interface>$/,
    );
    expect(() => interfaceElementWithLink(DOCUMENT, 'tap3', 'up')).toThrow("interface 'tap3' not found");
    expect(() => interfaceElementWithLink('<domain/>', 'tap3', 'up')).toThrow(
      'Failed to extract interface information or no interfaces found',
    );
  });
});

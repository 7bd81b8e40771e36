import { describe, expect, it } from 'vitest';
import { parseDevice } from '../../../src/domain/device.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { LibvirtError } from '../../../src/errors.ts';
import { domainWith, testHost } from './test-host.ts';

function messageOf(xml: string): string {
  try {
    parseDomain(xml, testHost());
  } catch (error) {
    if (error instanceof LibvirtError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('parseDomain() reports', () => {
  it.each([
    ['<network/>', "XML error: expecting root element of 'domain', not 'network'"],
    ["<domain type='lxc'/>", 'missing name information'],
    ['<domain><name>a</name></domain>', 'internal error: missing domain type attribute'],
    ["<domain type='zz'><name>a</name></domain>", 'unsupported configuration: invalid domain type zz'],
    ["<domain type='lxc'><name>a</name><uuid>x</uuid></domain>", 'internal error: malformed uuid element'],
    ["<domain type='lxc'><name>a</name></domain>", 'XML error: an os <type> must be specified'],
    ["<domain type='lxc'><name>a</name><bootloader/></domain>", 'XML error: an os <type> must be specified'],
    [
      "<domain type='lxc'><name>a</name><bootloader>/b</bootloader></domain>",
      'invalid argument: could not find capabilities for ostype=xen arch=x86_64 domaintype=lxc ',
    ],
    [
      "<domain type='lxc'><name>a</name><os><type>hvm</type></os></domain>",
      'invalid argument: could not find capabilities for arch=x86_64 domaintype=lxc ',
    ],
    [
      "<domain type='lxc'><name>a</name><os><type arch='s390x'>exe</type></os></domain>",
      'invalid argument: could not find capabilities for ostype=exe arch=s390x domaintype=lxc ',
    ],
    ["<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type></os></domain>", 'XML error: init binary must be specified'],
    [
      "<domain type='lxc'><name>a</name><os><type>exe</type><init>/i</init></os></domain>",
      'XML error: Memory size must be specified via <memory> or in the <numa> configuration',
    ],
    [
      "<domain type='lxc'><name>a/b</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>",
      "XML error: name a/b cannot contain '/'",
    ],
    ["<domain type='lxc'><name>a\nb</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>", 'invalid char in name: \n'],
  ])('%s', (xml, message) => {
    expect(messageOf(xml)).toBe(message);
  });

  it.each([
    ['<title>a\nb</title>', "XML error: Domain title can't contain newlines"],
    ['<currentMemory>x</currentMemory>', "XML error: Invalid value 'x' for element or attribute './currentMemory[1]'"],
    ["<memtune><hard_limit unit='q'>1</hard_limit></memtune>", "invalid argument: unknown suffix 'q'"],
    ["<memtune><hard_limit unit='EiB'>99</hard_limit></memtune>", 'numerical overflow: value too large: 99EiB'],
    ['<blkiotune><device/></blkiotune>', 'unsupported configuration: missing per-device path'],
    ['<vcpu>two</vcpu>', 'XML error: maximum vcpus count must be an integer'],
    ['<vcpu>0</vcpu>', 'internal error: CPU IDs in <numa> exceed the <vcpu> count'],
    ["<vcpu cpuset='3-1'>1</vcpu>", "invalid argument: Failed to parse bitmap '3-1'"],
    ['<cputune><period>1</period></cputune>', "unsupported configuration: Value of cputune 'period' must be in range [1000, 1000000]"],
    [
      "<numatune><memory mode='strict'/></numatune>",
      "unsupported configuration: nodeset for NUMA memory tuning must be set if 'placement' is 'static'",
    ],
    ['<resource/>', 'An error occurred, but the cause is unknown'],
    ['<features><warp/></features>', "unsupported configuration: unexpected feature 'warp'"],
    ['<features><capabilities><fly/></capabilities></features>', "unsupported configuration: unexpected capability feature 'fly'"],
    ["<clock offset='utc' adjustment='x'/>", "XML error: unknown clock adjustment 'x'"],
    ['<on_crash>burn</on_crash>', 'unsupported configuration: unknown on_crash action: burn'],
    ["<idmap><uid start='0' target='1' count='1'/></idmap>", 'unsupported configuration: uid and gid should be mapped both'],
    ["<seclabel type='dynamic' relabel='no'/>", 'unsupported configuration: dynamic label type must use resource relabeling'],
    [
      "<maxMemory slots='1' unit='GiB'>1</maxMemory>",
      'unsupported configuration: memory hotplug tunables <maxMemory> are not supported by this hypervisor driver',
    ],
  ])('%s', (top, message) => {
    expect(messageOf(domainWith({ top }))).toBe(message);
  });

  it.each([
    ["<filesystem type='zip'/>", "XML error: Invalid value for attribute 'type' in element 'filesystem': 'zip'."],
    [
      "<disk type='volume'><source pool='p' volume='v' mode='x'/><target dev='sda'/></disk>",
      "unsupported configuration: unknown source mode 'x' for volume type disk",
    ],
    [
      "<disk type='network'><source protocol='rbd' name='n'/><target dev='vda'/></disk>",
      "XML error: can't split path 'n' into pool name and image name",
    ],
    [
      "<disk><driver rerror_policy='enospace'/><source file='/a'/><target dev='vda'/></disk>",
      "unsupported configuration: Invalid disk read error policy: 'enospace'",
    ],
    [
      "<disk><source file='/a'><reservations managed='yes'/></source><target dev='sda'/></disk>",
      'unsupported configuration: <reservations/> allowed only for lun devices',
    ],
    [
      "<hostdev type='scsi' sgio='unfiltered'><source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source></hostdev>",
      'unsupported configuration: unfiltered sgio is no longer supported',
    ],
    [
      "<interface type='bridge'><source bridge='b'/><teaming type='transient'/></interface>",
      "unsupported configuration: teaming persistent attribute must be set if teaming type is 'transient'",
    ],
    ["<shmem name='a/b'/>", "unsupported configuration: shmem name cannot include '/' character"],
    ["<vsock><cid address='2'/></vsock>", 'unsupported configuration: guest CIDs must be >= 3'],
    ["<filesystem><target dir='/a'/></filesystem>", 'missing source information for device /a'],
    ["<filesystem><source dir='/a'/></filesystem>", 'missing target information for device /a'],
    ["<filesystem type='ram'><source/><target dir='/a'/></filesystem>", "XML error: missing 'usage' attribute for RAM filesystem"],
    ["<interface type='network'/>", "XML error: interface type='network' requires a 'source' element"],
    [
      "<interface><mac address='01:00:00:00:00:00'/></interface>",
      "XML error: expected unicast mac address, found multicast '01:00:00:00:00:00'",
    ],
    ["<interface><model type='ne2k'/></interface>", "unsupported configuration: driver does not support net model 'ne2k'"],
    ["<interface><ip address='x'/></interface>", "XML error: Invalid address 'x' in <ip>"],
    [
      "<interface><route address='10.0.0.0' gateway='10.0.0.1'/></interface>",
      "XML error: guest interface: Address '10.0.0.0' in route definition is not a network address",
    ],
    ["<console type='tin'/>", 'unsupported configuration: unknown type presented to host for character device: tin'],
    ["<console><target type='tin'/></console>", "unsupported configuration: unknown target type 'tin' specified for character device"],
    ["<hostdev mode='capabilities' type='misc'><source/></hostdev>", 'XML error: Missing <char> element in hostdev character device'],
    ["<disk><source file='/a'/><target dev='loop0'/></disk>", "XML error: Unknown disk name 'loop0' and no address specified"],
    ["<input type='mouse'/>", 'internal error: Input devices are not supported by this virtualization driver.'],
    ['<video/>', 'internal error: missing video model and cannot determine default'],
  ])('%s', (devices, message) => {
    expect(messageOf(domainWith({ devices }))).toBe(message);
  });

  it('the mistake that libvirt meets first', () => {
    const everything = `<domain type='lxc'><name>a</name><memory>x</memory><title>a\nb</title><vcpu>x</vcpu><os><type>exe</type><initarg/></os><clock offset='x'/><devices><console type='x'/></devices></domain>`;
    expect(messageOf(everything)).toBe("XML error: Domain title can't contain newlines");
    expect(messageOf(everything.replace('a\nb', 'ab'))).toContain('./memory[1]');
    expect(messageOf(everything.replace('a\nb', 'ab').replace('>x</memory>', '>1</memory>'))).toContain('maximum vcpus');
  });

  it('a name of nothing but white space', () => {
    expect(messageOf("<domain type='lxc'><name>  </name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>")).toMatch(
      /^XML error: .*name/,
    );
  });
});

describe('parseDevice()', () => {
  it('no memory module', () => {
    const xml = "<memory model='dimm'><target><size>1</size></target></memory>";
    expect(() => parseDevice(xml, testHost())).toThrow('unsupported configuration: memory devices are not supported by this driver');
  });
  it('tells devices apart and knows whether the MAC address was given', () => {
    expect(parseDevice("<interface type='bridge'><source bridge='b'/></interface>", testHost())).toMatchObject({
      kind: 'interface',
      macGiven: false,
      device: { source: 'b', mac: '52:54:00:00:00:01' },
    });
    expect(
      parseDevice("<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char></source></hostdev>", testHost()),
    ).toMatchObject({
      kind: 'hostdev',
      device: { type: 'misc', source: '/dev/x' },
    });
    expect(parseDevice("<rng model='virtio'><backend model='builtin'/></rng>", testHost())).toMatchObject({ kind: 'other', name: 'rng' });
  });

  it('refuses what is no device', () => {
    expect(() => parseDevice('<video/>', testHost())).toThrow('internal error: missing video model and cannot determine default');
    expect(parseDevice('<video/>', testHost(), { naming: true })).toMatchObject({ kind: 'other', name: 'video' });
    expect(() => parseDevice('<widget/>', testHost())).toThrow("unsupported configuration: unknown device type 'widget'");
    expect(() => parseDevice('nothing', testHost())).toThrow("(device_definition):1: Start tag expected, '<' not found\nnothing\n^");
  });
});

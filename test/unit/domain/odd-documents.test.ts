// Documents that were given to libvirt 9.0, each with what it said or printed: mistakes, and forms that it takes all the same.

import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { domainWith, testHost } from './test-host.ts';

type Part = 'top' | 'devices';

const REFUSED: readonly [part: Part, xml: string, message: string][] = [
  ['top', "<idmap><uid start='5' target='1' count='1'/></idmap>", 'unsupported configuration: uid and gid should be mapped both'],
  [
    'top',
    "<idmap><uid start='5' target='1' count='1'/><gid start='0' target='1' count='1'/></idmap>",
    'unsupported configuration: You must map the root user of container',
  ],
  [
    'top',
    '<cputune><period>1</period></cputune><on_reboot>coredump-destroy</on_reboot>',
    "unsupported configuration: Lifecycle event 'reboot' doesn't support 'coredump-destroy' action",
  ],
  [
    'top',
    '<cputune><shares>1024</shares></cputune><cputune><period>1</period></cputune>',
    "unsupported configuration: Value of cputune 'period' must be in range [1000, 1000000]",
  ],
  [
    'top',
    '<cputune><quota>999</quota><period>1000</period></cputune>',
    "unsupported configuration: Value of cputune 'quota' must be in range [1000, 17592186044415]",
  ],
  ['top', '<numatune/><numatune/>', 'XML error: only one numatune is supported'],
  [
    'top',
    "<clock><timer name='rtc'><catchup limit='99999999999'/></timer></clock>",
    "XML error: setting of timer catchup policies is only supported with tickpolicy='catchup'",
  ],
  ['top', "<seclabel type='none'/><seclabel type='none'/>", 'seclabel for model (null) is already provided'],
  ['top', "<seclabel type='dynamic'><baselabel>a</baselabel></seclabel>", 'XML error: missing security model in domain seclabel'],
  ['top', "<maxMemory slots=''>9</maxMemory>", 'XML error: both maximum memory size and memory slot count must be specified'],
  ['top', "<memoryBacking><allocation threads='-1'/></memoryBacking>", 'XML error: Failed to parse memory allocation threads'],
  [
    'top',
    "<memoryBacking><hugepages><page size='1'/></hugepages></memoryBacking><memoryBacking><hugepages><page size='2'/></hugepages></memoryBacking>",
    'two master hugepages detected: 2 and 1',
  ],
  [
    'top',
    '<features><smm><tseg>zz</tseg></smm></features>',
    "XML error: Invalid value 'zz' for element or attribute 'string(./features/smm/tseg)'",
  ],
  [
    'top',
    "<perf><event name='cmt' enabled='yes'/></perf><perf><event name='cmt' enabled='no'/></perf>",
    "XML error: perf event 'cmt' was already specified",
  ],
  [
    'top',
    "<defaultiothread thread_pool_min='2' thread_pool_max='1'/>",
    'unsupported configuration: thread_pool_min must be smaller or equal to thread_pool_max',
  ],
  [
    'top',
    "<defaultiothread thread_pool_min='-1'/>",
    "XML error: Invalid value for attribute 'thread_pool_min' in element 'defaultiothread': '-1'. Expected non-negative value",
  ],
  ['top', "<cpu check='none'/>", 'unsupported configuration: check attribute specified for CPU with no model'],
  ['top', "<cpu><model>a</model><cache level='4' mode='emulate'/></cpu>", 'XML error: invalid CPU cache level, must be in range [1,3]'],
  ['top', "<cpu><model>a</model><feature policy='zz' name='b'/></cpu>", 'unsupported configuration: Invalid CPU feature policy'],
  [
    'top',
    "<vcpus><vcpu id='0' enabled='yes' order='0'/></vcpus>",
    'unsupported configuration: individual CPU state configuration is not supported',
  ],
  [
    'top',
    "<vcpus><vcpu id='0' enabled='no' hotpluggable='no'/></vcpus>",
    "unsupported configuration: vcpu '0' is both offline and not hotpluggable",
  ],
  ['devices', "<filesystem type='ram'/>", "XML error: missing 'usage' attribute for RAM filesystem"],
  [
    'devices',
    "<filesystem><source dir='/a'/><boot order='0'/></filesystem>",
    "XML error: Invalid value for attribute 'order' in element 'boot': Zero is not permitted",
  ],
  ['devices', "<filesystem type='volume'><source pool='p' volume='v'/></filesystem>", 'missing target information for device'],
  [
    'devices',
    "<filesystem><driver type='virtiofs'/><source dir='/a'/><target dir='t'/></filesystem><filesystem><driver type='virtiofs'/><source dir='/b'/><target dir='t'/></filesystem>",
    "unsupported configuration: filesystem target 't' specified twice",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><model type='igb'/><driver iommu='on'/></interface>",
    "unsupported configuration: driver does not support net model 'igb'",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><driver iommu='on'/></interface>",
    'unsupported configuration: iommu driver option is only supported for virtio devices',
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><target dev='a' managed='no'/></interface>",
    "unsupported configuration: unmanaged target dev is not supported on interfaces of type 'bridge'",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'><ip address='1.2.3.4'/></source></interface>",
    "unsupported configuration: Invalid attempt to set network interface host-side IP route and/or address info on interface of type 'bridge'. This is only supported on interfaces of type 'ethernet'",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='zz'/><source bridge='b'/><vlan/></interface>",
    "XML error: missing tag id - each <vlan> must have at least one <tag id='n'/> subelement",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><ip address='zz'/><boot order='0'/></interface>",
    "XML error: Invalid value for attribute 'order' in element 'boot': Zero is not permitted",
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><route address='zz'/></interface>",
    'XML error: guest interface: Missing required gateway attribute in route definition',
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><vlan trunk='zz'><tag id='1'/><tag id='2'/></vlan></interface>",
    `XML error: invalid "trunk='zz'" in <vlan> - trunk='yes' is required for more than one vlan tag`,
  ],
  [
    'devices',
    "<interface type='ethernet'><mac address='52:54:00:11:22:33'/><coalesce><rx><frames max='4294967296'/></rx></coalesce></interface>",
    "numerical overflow: value '4294967296' is too big for coalesce parameter, maximum is '4294967295'",
  ],
  [
    'devices',
    "<interface type='ethernet'><mac address='52:54:00:11:22:33'/><teaming type='zz'/></interface>",
    "unsupported configuration: unknown teaming type 'zz'",
  ],
  ['devices', "<interface type='hostdev'><mac address='52:54:00:11:22:33'/></interface>", 'XML error: missing source address type'],
  [
    'devices',
    "<interface type='direct'><mac address='52:54:00:11:22:33'/><source dev='e'/><virtualport type='802.1Qbg'><parameters typeid='-1'/></virtualport></interface>",
    'XML error: value for typeid out of range',
  ],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/dev/a</char></source></hostdev><hostdev mode='capabilities' type='misc'><source><char>/dev/a</char></source></hostdev>",
    'XML error: Hostdev already exists in the domain configuration',
  ],
  [
    'devices',
    "<hostdev type='scsi'><source protocol='iscsi' name='a'/></hostdev>",
    'XML error: missing the host address for the iSCSI hostdev',
  ],
  ['devices', "<hostdev type='scsi'><source protocol='zz'/></hostdev>", "unsupported configuration: Unknown SCSI subsystem protocol 'zz'"],
  [
    'devices',
    "<serial type='udp'><source mode='bind'/><source host='h' service='1'/><source host='i'/></serial>",
    'XML error: only two source elements are allowed for character device',
  ],
  [
    'devices',
    "<serial type='udp'><source mode='zz' host='h' service='1'/></serial>",
    "XML error: Invalid value for attribute 'mode' in element 'source': 'zz'.",
  ],
  [
    'devices',
    "<serial type='nmdm'><source master='/a'/></serial>",
    'internal error: Should define both master and slave path attributes for nmdm device',
  ],
  [
    'devices',
    "<serial type='tcp'><source><reconnect enabled='yes'/></source></serial>",
    "XML error: Missing required attribute 'timeout' in element 'reconnect'",
  ],
  [
    'devices',
    "<serial type='tcp'><source mode='bind' host='h' service='1'><reconnect enabled='yes' timeout='1'/></source></serial>",
    'internal error: chardev reconnect is possible only for connect mode',
  ],
  [
    'devices',
    "<serial type='dbus'><source channel='a b'/></serial>",
    'invalid argument: Invalid character in source channel for char device',
  ],
  [
    'devices',
    "<serial type='file'><log file='/a' append='zz'/></serial>",
    "XML error: Invalid value for attribute 'append' in element 'log': 'zz'.",
  ],
  [
    'devices',
    "<console type='file'><source path='/a'><seclabel model='dac' relabel='no'/><seclabel model='dac' relabel='no'/></source></console>",
    'seclabel for model dac is already provided',
  ],
  ['devices', "<disk><source file='/a'/><target dev='fda'/></disk>", 'internal error: Invalid harddisk device name: fda'],
  [
    'devices',
    "<disk device='floppy'><source file='/a'/><target dev='fda' bus='ide'/></disk>",
    "internal error: Invalid bus type 'ide' for floppy disk",
  ],
  ['devices', "<disk type='network'><source protocol='rbd'/><target dev='vda'/></disk>", 'XML error: missing name for disk source'],
  [
    'devices',
    "<disk><source file='/a'/><target dev='hda'/></disk><disk><source file='/b'/><target dev='hda'/></disk>",
    "XML error: target 'hda' duplicated for disk sources '/a' and '/b'",
  ],
  [
    'devices',
    "<controller type='usb' ports='-1'/>",
    "XML error: Invalid value for attribute 'ports' in element 'controller': '-1'. Expected non-negative value",
  ],
  ['devices', "<rng model='virtio'><rate bytes='zz'/><backend model='random'/></rng>", 'XML error: invalid RNG rate bytes value'],
  [
    'devices',
    "<tpm><backend type='emulator'><active_pcr_banks><sha1/></active_pcr_banks></backend></tpm>",
    "XML error: <active_pcr_banks/> requires TPM version '2.0'",
  ],
  ['devices', "<sound model='ich6'><codec type='zz'/></sound>", "unsupported configuration: unknown codec type 'zz'"],
  ['devices', "<redirdev bus='zz' type='pty'/>", "unsupported configuration: unknown redirdev bus 'zz'"],
  ['devices', "<redirfilter><usbdev class='0x100' allow='yes'/></redirfilter>", 'internal error: Invalid USB Class code 0x100'],
  ['devices', "<memory model='dimm'><target><node>zz</node></target></memory>", 'XML error: invalid value of memory device node'],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/a</char></source><address type='ccw' cssid='1'/></hostdev>",
    'internal error: Invalid partial specification for virtio ccw address',
  ],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/a</char></source><boot order='1' loadparm='abcdefghi'/></hostdev>",
    "internal error: loadparm value 'ABCDEFGHI' must be between 1 and 8 characters",
  ],
  [
    'top',
    "<numatune><memory placement='auto'/><memnode cellid='0' nodeset='0'/></numatune>",
    'unsupported configuration: Per-node binding is not compatible with automatic NUMA placement.',
  ],
];

/** Only the lines that the part gives rise to. */
const PRINTED: readonly [part: Part, xml: string, lines: string[]][] = [
  [
    'top',
    '<memtune><min_guarantee>0</min_guarantee><hard_limit>7</hard_limit></memtune>',
    ['  <memtune>', "    <hard_limit unit='KiB'>7</hard_limit>", '  </memtune>'],
  ],
  [
    'top',
    '<blkiotune><device><path>/a</path><weight>-1</weight><read_bytes_sec/></device></blkiotune>',
    ['  <blkiotune>', '    <device>', '      <path>/a</path>', '      <weight>4294967295</weight>', '    </device>', '  </blkiotune>'],
  ],
  [
    'top',
    '<blkiotune><weight>300</weight></blkiotune><blkiotune><device><path>/a</path><weight>400</weight></device></blkiotune>',
    [
      '  <blkiotune>',
      '    <weight>300</weight>',
      '    <device>',
      '      <path>/a</path>',
      '      <weight>400</weight>',
      '    </device>',
      '  </blkiotune>',
    ],
  ],
  [
    'top',
    "<idmap><uid start='0' target='1' count='1'/></idmap><idmap><gid start='0' target='2' count='1'/></idmap>",
    ['  <idmap>', "    <uid start='0' target='1' count='1'/>", "    <gid start='0' target='2' count='1'/>", '  </idmap>'],
  ],
  [
    'top',
    "<clock offset='variable' basis=''><timer name='rtc'/></clock><clock><timer name='hpet' present='no'/></clock>",
    [
      "  <clock offset='variable' adjustment='0' basis='utc'>",
      "    <timer name='rtc'/>",
      "    <timer name='hpet' present='no'/>",
      '  </clock>',
    ],
  ],
  [
    'top',
    "<clock><timer name='rtc' tickpolicy='catchup'><catchup limit='99999999999'/></timer></clock>",
    [
      "  <clock offset='utc'>",
      "    <timer name='rtc' tickpolicy='catchup'>",
      "      <catchup limit='99999999999'/>",
      '    </timer>',
      '  </clock>',
    ],
  ],
  ['top', "<memoryBacking><access mode=''/><allocation threads=''/></memoryBacking>", []],
  [
    'top',
    "<resource><partition>/p</partition><fibrechannel appid=''/></resource>",
    ['  <resource>', '    <partition>/p</partition>', '  </resource>'],
  ],
  [
    'top',
    "<sysinfo type='smbios'><baseBoard/><bios><entry name='vendor'>v</entry></bios></sysinfo>",
    ["  <sysinfo type='smbios'>", '    <bios>', "      <entry name='vendor'>v</entry>", '    </bios>', '  </sysinfo>'],
  ],
  ['top', "<metadata xmlns:a='urn:a' k='v'><a:b/></metadata>", ['  <metadata xmlns:a="urn:a" k="v">', '    <a:b/>', '  </metadata>']],
  [
    'devices',
    "<filesystem><driver format='raw' wrpolicy='immediate'/><source dir='/a'/><target dir='/b'/></filesystem>",
    ["    <filesystem type='mount' accessmode='passthrough'>", "      <source dir='/a'/>", "      <target dir='/b'/>", '    </filesystem>'],
  ],
  [
    'devices',
    "<filesystem><driver type='virtiofs' queue='-1'/><source dir='/a'/><target dir='t'/></filesystem>",
    [
      "    <filesystem type='mount' accessmode='passthrough'>",
      "      <driver type='virtiofs' queue='18446744073709551615'/>",
      "      <source dir='/a'/>",
      "      <target dir='t'/>",
      '    </filesystem>',
    ],
  ],
  [
    'devices',
    "<interface type='bridge'><mac address='52:54:00:11:22:33'/><source bridge='b'/><script path=''/><guest dev=''/><model type='E1000'/><mtu size=''/></interface>",
    [
      "    <interface type='bridge'>",
      "      <mac address='52:54:00:11:22:33'/>",
      "      <source bridge='b'/>",
      "      <model type='e1000'/>",
      '    </interface>',
    ],
  ],
  [
    'devices',
    "<hostdev type='scsi'><source protocol='iscsi' name='a'><host name='h' port='0'/></source></hostdev>",
    [
      "    <controller type='scsi' index='0'/>",
      "    <hostdev mode='subsystem' type='scsi' managed='no'>",
      "      <source protocol='iscsi' name='a/0'>",
      "        <host name='h'/>",
      '      </source>',
      "      <address type='drive' controller='0' bus='0' target='0' unit='0'/>",
      '    </hostdev>',
    ],
  ],
  [
    'devices',
    "<hostdev type='scsi'><source><adapter name='a'/><address bus='0x1' target='0' unit='99999999999'/></source></hostdev>",
    [
      "    <controller type='scsi' index='0'/>",
      "    <hostdev mode='subsystem' type='scsi' managed='no'>",
      '      <source>',
      "        <adapter name='a'/>",
      "        <address bus='1' target='0' unit='99999999999'/>",
      '      </source>',
      "      <address type='drive' controller='0' bus='0' target='0' unit='0'/>",
      '    </hostdev>',
    ],
  ],
  [
    'devices',
    "<hostdev type='mdev' model='vfio-pci'><source><address uuid='C2177883F1BB47F0914D32A22E3A8804'/></source></hostdev>",
    [
      "    <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>",
      '      <source>',
      "        <address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/>",
      '      </source>',
      '    </hostdev>',
    ],
  ],
  ['devices', "<serial type='nmdm'/>", ["    <serial type='nmdm'>", "      <target port='0'/>", '    </serial>']],
  [
    'devices',
    "<serial type='unix'><source path='/a'><reconnect enabled='no' timeout='1'/></source></serial>",
    [
      "    <serial type='unix'>",
      "      <source mode='connect' path='/a'>",
      "        <reconnect enabled='no'/>",
      '      </source>',
      "      <target port='0'/>",
      '    </serial>',
    ],
  ],
  [
    'devices',
    "<serial type='qemu-vdagent'><source><mouse mode='client'/></source></serial>",
    [
      "    <serial type='qemu-vdagent'>",
      '      <source>',
      "        <mouse mode='client'/>",
      '      </source>',
      "      <target port='0'/>",
      '    </serial>',
    ],
  ],
  ['devices', "<serial type='pty'><target port='-5'/></serial>", ["    <serial type='pty'>", "      <target port='-5'/>", '    </serial>']],
  [
    'devices',
    "<console type='file'><source path='/a'><seclabel/></source></console>",
    ["    <console type='file'>", "      <source path='/a'/>", "      <target type='lxc' port='0'/>", '    </console>'],
  ],
  [
    'devices',
    "<channel type='unix'><source/><target type='virtio'/></channel>",
    ["    <controller type='virtio-serial' index='0'/>", "    <channel type='unix'>", "      <target type='virtio'/>", '    </channel>'],
  ],
  [
    'devices',
    "<disk snapshot='no'><source file='/a'/><target dev='vda'/><readonly/></disk>",
    [
      "    <disk type='file' device='disk'>",
      "      <source file='/a'/>",
      "      <target dev='vda' bus='virtio'/>",
      '      <readonly/>',
      '    </disk>',
    ],
  ],
  [
    'devices',
    "<controller type='pci' index='0' model='pci-root'/><controller type='pci' model='pcie-root-port'/>",
    ["    <controller type='pci' index='0' model='pci-root'/>", "    <controller type='pci' index='1' model='pcie-root-port'/>"],
  ],
  [
    'devices',
    "<smartcard mode='host'/><smartcard mode='host'/>",
    [
      "    <controller type='ccid' index='0'/>",
      "    <smartcard mode='host'>",
      "      <address type='ccid' controller='0' slot='0'/>",
      '    </smartcard>',
      "    <smartcard mode='host'>",
      "      <address type='ccid' controller='0' slot='1'/>",
      '    </smartcard>',
    ],
  ],
  [
    'devices',
    "<rng model='virtio'><rate period='1'/><backend model='random'/></rng>",
    ["    <rng model='virtio'>", "      <backend model='random'>/dev/random</backend>", '    </rng>'],
  ],
  ['devices', "<memballoon model='virtio'><stats period='-1'/></memballoon>", ["    <memballoon model='virtio'/>"]],
  [
    'devices',
    "<shmem name='a'><size>4194304</size></shmem>",
    ["    <shmem name='a'>", "      <model type='ivshmem'/>", "      <size unit='M'>4</size>", '    </shmem>'],
  ],
  ['devices', "<vsock><cid address='3'/></vsock>", ['    <vsock>', "      <cid auto='no' address='3'/>", '    </vsock>']],
  [
    'devices',
    "<lease><lockspace>a</lockspace><key>b</key><target path='/c' offset='99999999999'/></lease>",
    [
      '    <lease>',
      '      <lockspace>a</lockspace>',
      '      <key>b</key>',
      "      <target path='/c' offset='99999999999'/>",
      '    </lease>',
    ],
  ],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/a</char></source><address type='ccw'/></hostdev>",
    [
      "    <hostdev mode='capabilities' type='misc'>",
      '      <source>',
      '        <char>/a</char>',
      '      </source>',
      "      <address type='ccw' cssid='0x0' ssid='0x0' devno='0x0000'/>",
      '    </hostdev>',
    ],
  ],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/a</char></source><address type='pci' multifunction='off'><zpci uid='12'/></address></hostdev>",
    [
      "    <hostdev mode='capabilities' type='misc'>",
      '      <source>',
      '        <char>/a</char>',
      '      </source>',
      "      <address type='pci' multifunction='off'>",
      "        <zpci uid='0x000c' fid='0x00000000'/>",
      '      </address>',
      '    </hostdev>',
    ],
  ],
  [
    'devices',
    "<hostdev mode='capabilities' type='misc'><source><char>/a</char></source><boot order='1' loadparm='a.b'/></hostdev>",
    [
      "    <hostdev mode='capabilities' type='misc'>",
      '      <source>',
      '        <char>/a</char>',
      '      </source>',
      "      <boot order='1' loadparm='A.B'/>",
      '    </hostdev>',
    ],
  ],
];

/** Whole documents, as what each has for domainWith()'s; the line that libvirt prints of it, or says. */
const WHOLE: readonly [from: string | RegExp, to: string, line: string][] = [
  ["type='lxc'", "type='none'", "<domain type='none'>"],
  ['<os><type>exe</type>', "<os><init>/a</init></os><os><type arch='i686'>exe</type>", "    <type arch='i686'>exe</type>"],
  ['<os>', "<os><type>exe</type></os><os><type arch='i686'>bogus</type>", "    <type arch='i686'>exe</type>"],
  ['<init>', '<initarg>a<b>c</b></initarg><init>', '    <initarg>a</initarg>'],
  ['<init>', "<initenv name='A'>b<c>d</c></initenv><init>", "    <initenv name='A'>b</initenv>"],
];
const WHOLE_REFUSED: readonly [from: string | RegExp, to: string, message: string][] = [
  [/type='lxc'(.*)exe/, "type='none'$1linux", 'invalid argument: could not find capabilities for ostype=linux arch=x86_64 '],
  ['<init>', '<initarg><b>c</b></initarg><init>', 'XML error: No data supplied for <initarg> element'],
  [
    /<memory>.*<devices>/,
    "<os><type>exe</type><init>/i</init></os><devices><filesystem><source dir='/a'/></filesystem>",
    'XML error: Memory size must be specified via <memory> or in the <numa> configuration',
  ],
  [
    '<os>',
    "<numatune><memory mode='interleave' placement='default'/></numatune><os>",
    "unsupported configuration: nodeset for NUMA memory tuning must be set if 'placement' is 'static'",
  ],
];

/** What every domain has: a document without a part of its own, line by line. */
const COMMON = new Set(linesOf('top', ''));

function linesOf(part: Part, xml: string): string[] {
  return formatDomain(parseDomain(domainWith({ [part]: xml }), testHost()), { live: false })
    .trimEnd()
    .split('\n');
}

describe('parseDomain()', () => {
  it.each(REFUSED)('refuses %s %s', (part, xml, message) => {
    expect(() => parseDomain(domainWith({ [part]: xml }), testHost())).toThrow(expect.objectContaining({ message }));
  });

  it.each(PRINTED)('keeps of %s %s what libvirt does', (part, xml, lines) => {
    expect(linesOf(part, xml).filter((line) => !COMMON.has(line))).toEqual(lines);
  });

  it.each(WHOLE)('keeps of a document with %s as %s what libvirt does', (from, to, line) => {
    const definition = parseDomain(domainWith({}).replace(from, to), testHost());
    expect(formatDomain(definition, { live: false }).split('\n')).toContain(line);
  });

  it.each(WHOLE_REFUSED)('refuses a document with %s as %s', (from, to, message) => {
    const document = domainWith({}).replace(from, to);
    expect(document).not.toBe(domainWith({}));
    expect(() => parseDomain(document, testHost())).toThrow(expect.objectContaining({ message }));
  });
});

// Documents of a device from the options of attach-disk and attach-interface. Pure. Messages are virsh's own.

import type { BandwidthRate } from '../domain/definition.ts';
import { parseWwn } from '../domain/elements/disk.ts';
import { entryOf } from '../domain/table.ts';
import { libvirtError } from '../errors.ts';
import { type Attributes, XmlWriter } from '../xml/writer.ts';

const problem = (message: string) => libvirtError('PLAIN', message);

// -- disks -------------------------------------------------------------------------------------------------------------------

export interface DiskOptions {
  source: string;
  /** What `source` is if nothing says so: a block device, or a file. */
  sourceIsBlock: boolean;
  target: string;
  sourcetype?: string | undefined;
  protocol?: string | undefined;
  hostName?: string | undefined;
  hostTransport?: string | undefined;
  hostSocket?: string | undefined;
  bus?: string | undefined;
  driver?: string | undefined;
  subdriver?: string | undefined;
  iothread?: string | undefined;
  cache?: string | undefined;
  io?: string | undefined;
  /** disk, cdrom …: <disk device=>. */
  device?: string | undefined;
  mode?: string | undefined;
  serial?: string | undefined;
  wwn?: string | undefined;
  alias?: string | undefined;
  rawio?: boolean;
  address?: string | undefined;
  multifunction?: boolean;
}

/** `<disk …>`, ending in a newline. Throws for a value that virsh would refuse. */
export function diskDocument(options: DiskOptions): string {
  const { target, driver, subdriver, iothread, cache, io } = options;
  const type = diskType(options);
  const mode = options.mode;
  if (mode !== undefined && mode !== 'readonly' && mode !== 'shareable') throw problem(`No support for ${mode} in command 'attach-disk'`);
  const wwn = options.wwn === undefined ? undefined : parseWwn(options.wwn);
  const address = options.address === undefined ? undefined : diskAddress(options.address, options);
  const writer = new XmlWriter();
  const attributes: Attributes = [
    ['type', type],
    ['device', options.device],
    ['rawio', options.rawio ? 'yes' : undefined],
  ];
  writer.block('disk', attributes, () => {
    writeIfAny(writer, 'driver', [
      ['name', driver],
      ['type', subdriver],
      ['iothread', iothread],
      ['cache', cache],
      ['io', io],
    ]);
    writeDiskSource(writer, type, options);
    writer.empty('target', [
      ['dev', target],
      ['bus', options.bus],
    ]);
    if (mode !== undefined) writer.empty(mode);
    writer.text('serial', options.serial);
    if (options.alias !== undefined) writer.empty('alias', [['name', options.alias]]);
    writer.text('wwn', wwn);
    if (address) writer.empty('address', address);
  });
  return writer.toString();
}

function diskType({ sourcetype, sourceIsBlock, protocol }: DiskOptions): 'block' | 'file' | 'network' {
  const types = ['block', 'file', 'network'] as const;
  const given = types.find((type) => type === sourcetype);
  if (sourcetype !== undefined && given === undefined) throw problem(`Unknown source type: '${sourcetype}'`);
  const type = given ?? (protocol !== undefined ? 'network' : sourceIsBlock ? 'block' : 'file');
  if ((type === 'network') !== (protocol !== undefined)) throw problem('--source-protocol option requires --sourcetype network');
  return type;
}

function writeDiskSource(writer: XmlWriter, type: 'block' | 'file' | 'network', options: DiskOptions): void {
  const { source, protocol, hostName, hostTransport, hostSocket } = options;
  if (type !== 'network') {
    writer.empty('source', [[type === 'block' ? 'dev' : 'file', source]]);
    return;
  }
  const colon = hostName?.indexOf(':') ?? -1;
  const [name, port] = colon < 0 ? [hostName, undefined] : [hostName!.slice(0, colon), hostName!.slice(colon + 1)];
  const head: Attributes = [
    ['protocol', protocol],
    ['name', source],
  ];
  writer.block('source', head, () =>
    writeIfAny(writer, 'host', [
      ['transport', hostTransport],
      ['socket', hostSocket],
      ['name', name],
      ['port', port],
    ]),
  );
}

function writeIfAny(writer: XmlWriter, name: string, attributes: Attributes): void {
  if (attributes.some(([, value]) => value !== undefined)) writer.empty(name, attributes);
}

/** `pci:0000.00.05.0` and its kin, for the bus that the target's name or --targetbus tells. */
function diskAddress(text: string, { target, multifunction }: DiskOptions): Attributes {
  const address = parseAddress(text, multifunction ?? false);
  if (address === undefined) throw problem('Invalid address.');
  const { kind, attributes } = address;
  const expected = EXPECTED_ADDRESSES.find(({ prefix }) => target.startsWith(prefix));
  if (expected && !expected.kinds.includes(kind)) throw problem(`expecting ${expected.words} address.`);
  return attributes;
}

const EXPECTED_ADDRESSES = [
  { prefix: 'vd', kinds: ['pci', 'ccw'], words: 'a pci:0000.00.00.00 or ccw:00.0.0000' },
  { prefix: 'sd', kinds: ['scsi', 'usb', 'sata'], words: 'a scsi:00.00.00 or usb:00.00 or sata:00.00.00' },
  { prefix: 'hd', kinds: ['ide'], words: 'an ide:00.00.00' },
];

function parseAddress(text: string, multifunction: boolean): { kind: string; attributes: Attributes } | undefined {
  const [, kind = '', rest = ''] = /^(\w+):(.*)$/s.exec(text) ?? [];
  const words = rest.split('.');
  const counts: Record<string, number> = { pci: 4, ccw: 3, scsi: 3, ide: 3, sata: 3, usb: 2 };
  if (words.length !== entryOf(counts, kind) || !words.every((word) => /^[0-9a-fA-Fx]+$/.test(word))) return undefined;
  const hex = words.map((word) => Number.parseInt(word, 16));
  const decimal = words.map((word) => Number.parseInt(word, 10));
  if ((kind === 'pci' || kind === 'ccw' ? hex : decimal).some(Number.isNaN)) return undefined;
  const shown = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;
  switch (kind) {
    case 'pci':
      return {
        kind,
        attributes: [
          ['type', 'pci'],
          ['domain', shown(hex[0]!, 4)],
          ['bus', shown(hex[1]!, 2)],
          ['slot', shown(hex[2]!, 2)],
          ['function', shown(hex[3]!, 1)],
          ['multifunction', multifunction ? 'on' : undefined],
        ],
      };
    case 'ccw':
      return {
        kind,
        attributes: [
          ['type', 'ccw'],
          ['cssid', shown(hex[0]!, 2)],
          ['ssid', shown(hex[1]!, 1)],
          ['devno', shown(hex[2]!, 4)],
        ],
      };
    case 'usb':
      return {
        kind,
        attributes: [
          ['type', 'usb'],
          ['bus', decimal[0]],
          ['port', decimal[1]],
        ],
      };
    default:
      return {
        kind,
        attributes: [
          ['type', 'drive'],
          ['controller', decimal[0]],
          ['bus', decimal[1]],
          ['unit', decimal[2]],
        ],
      };
  }
}

// -- interfaces --------------------------------------------------------------------------------------------------------------

export interface InterfaceOptions {
  type: string;
  source: string;
  target?: string | undefined;
  mac?: string | undefined;
  script?: string | undefined;
  model?: string | undefined;
  alias?: string | undefined;
  /** `AVERAGE[,PEAK[,BURST[,FLOOR]]]` */
  inbound?: string | undefined;
  outbound?: string | undefined;
  managed?: boolean;
  sourceMode?: string | undefined;
}

/** `<interface …>`, ending in a newline. Throws for a value that virsh would refuse. */
export function interfaceDocument(options: InterfaceOptions): string {
  const { type, source } = options;
  if (!['network', 'bridge', 'direct', 'hostdev'].includes(type)) throw problem(`No support for ${type} in command 'attach-interface'`);
  if (options.sourceMode !== undefined) throw problem(`Invalid source mode: ${options.sourceMode}`);
  const inbound = options.inbound === undefined ? undefined : parseRate(options.inbound);
  const outbound = options.outbound === undefined ? undefined : parseRate(options.outbound);
  if (inbound && !inbound.average && !inbound.floor) throw problem('either inbound average or floor is mandatory');
  if (outbound && !outbound.average) throw problem('outbound average is mandatory');
  if (outbound?.floor) throw problem('outbound floor is unsupported yet');
  const address = type === 'hostdev' ? pciSource(source) : undefined;
  const writer = new XmlWriter();
  const attributes: Attributes = [
    ['type', type],
    ['managed', options.managed ? 'yes' : undefined],
  ];
  writer.block('interface', attributes, () => {
    if (address) writer.block('source', [], () => writer.empty('address', address));
    else writer.empty('source', [[type === 'direct' ? 'dev' : type, source]]);
    if (options.target !== undefined) writer.empty('target', [['dev', options.target]]);
    if (options.mac !== undefined) writer.empty('mac', [['address', options.mac]]);
    if (options.script !== undefined) writer.empty('script', [['path', options.script]]);
    if (options.model !== undefined) writer.empty('model', [['type', options.model]]);
    if (options.alias !== undefined) writer.empty('alias', [['name', options.alias]]);
    if (inbound || outbound) {
      writer.block('bandwidth', [], () => {
        if (inbound) writer.empty('inbound', rateAttributes(inbound));
        if (outbound) writer.empty('outbound', rateAttributes(outbound));
      });
    }
  });
  return writer.toString();
}

const RATE_FIELDS = ['average', 'peak', 'burst', 'floor'] as const;
type Rate = Partial<Record<(typeof RATE_FIELDS)[number], bigint>>;

/** What `AVERAGE[,PEAK[,BURST[,FLOOR]]]` says of a direction; an average of 0 takes its limits away. Throws as virsh does. */
export function parseBandwidthRate(text: string, direction: 'inbound' | 'outbound'): BandwidthRate {
  const rate = parseRate(text);
  if (Object.values(rate).some((value) => value > MAX_UINT32)) throw problem(`${direction} rate larger than maximum ${MAX_UINT32}`);
  if (!rate.average && !rate.floor && (rate.peak || rate.burst))
    throw problem(direction === 'inbound' ? 'either inbound average or floor is mandatory' : 'outbound average is mandatory');
  if (direction === 'outbound' && rate.floor) throw problem('outbound floor is unsupported yet');
  return Object.fromEntries(Object.entries(rate).flatMap(([name, value]) => (value ? [[name, Number(value)]] : [])));
}

const MAX_UINT32 = 2n ** 32n - 1n;

/** An empty field says nothing. */
function parseRate(text: string): Rate {
  const words = text.split(',');
  if (words.length > RATE_FIELDS.length) throw problem(`Rate string '${text}' has too many fields`);
  const rate: Rate = {};
  words.forEach((word, i) => {
    if (word === '') return;
    if (!/^\d+$/.test(word) || BigInt(word) >= 2n ** 64n) throw problem(`field '${RATE_FIELDS[i]}' is malformed`);
    rate[RATE_FIELDS[i]!] = BigInt(word);
  });
  return rate;
}

const rateAttributes = (rate: Rate): Attributes => RATE_FIELDS.map((name) => [name, rate[name] || undefined]);

function pciSource(text: string): Attributes {
  const match = /^([0-9a-fA-F]{1,4}):([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})\.([0-7])$/.exec(text);
  if (!match) throw problem(`cannot parse pci address '${text}' for network interface`);
  const [domain, bus, slot, unit] = match.slice(1);
  return [
    ['type', 'pci'],
    ['domain', `0x${domain!.padStart(4, '0')}`],
    ['bus', `0x${bus!.padStart(2, '0')}`],
    ['slot', `0x${slot!.padStart(2, '0')}`],
    ['function', `0x${unit}`],
  ];
}

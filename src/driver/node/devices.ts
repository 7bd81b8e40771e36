// Devices of the host (nodedev-*), to be looked at: those of PCI, disks and network interfaces, as sysfs has them.
// Less than libvirt: no USB, SCSI and mediated devices, and nothing can be done to any.
import fs from 'node:fs';
import { libvirtError } from '../../errors.ts';
import { listDirectory, readText } from '../../host/system-files.ts';
import { XmlWriter } from '../../xml/writer.ts';
import type { Connection } from '../connection.ts';
import { linkText } from './interfaces.ts';

export type NodeDeviceKind = 'system' | 'pci' | 'net' | 'storage';

export interface NodeDevice {
  /** `pci_0000_00_02_0`. */
  readonly name: string;
  readonly kind: NodeDeviceKind;
  /** undefined: of the computer itself. */
  readonly parent: string | undefined;
  /** Below /sys/devices; undefined: of the computer itself. */
  readonly path: string | undefined;
}

const COMPUTER = 'computer';

/** All of them, by name. */
export function listNodeDevices(_connection: Connection): NodeDevice[] {
  const devices: NodeDevice[] = [{ name: COMPUTER, kind: 'system', parent: undefined, path: undefined }];
  const add = (name: string, kind: NodeDeviceKind, link: string): void => {
    const path = realPath(link);
    if (path !== undefined) devices.push({ name: name.replace(/[^A-Za-z0-9]/g, '_'), kind, parent: parentOf(path), path });
  };
  for (const address of listDirectory('/sys/bus/pci/devices')) add(`pci_${address}`, 'pci', `/sys/bus/pci/devices/${address}`);
  for (const name of listDirectory('/sys/class/net')) {
    const mac = readText(`/sys/class/net/${name}/address`);
    if (mac) add(`net_${name}_${mac}`, 'net', `/sys/class/net/${name}`);
  }
  // Without a device of its own it is made of other files or disks.
  for (const name of listDirectory('/sys/block'))
    if (fs.existsSync(`/sys/block/${name}/device`)) add(`block_${name}`, 'storage', `/sys/block/${name}`);
  return devices.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Throws NO_NODE_DEVICE. */
export function lookupNodeDevice(connection: Connection, name: string): NodeDevice {
  const found = listNodeDevices(connection).find((device) => device.name === name);
  if (found === undefined) throw libvirtError('NO_NODE_DEVICE', `no node device with matching name '${name}'`);
  return found;
}

function realPath(link: string): string | undefined {
  try {
    return fs.realpathSync(link);
  } catch {
    return undefined; // unplugged meanwhile
  }
}

const PCI_ADDRESS = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** The nearest device of PCI above. */
function parentOf(path: string): string {
  const address = path
    .split('/')
    .slice(0, -1)
    .findLast((part) => PCI_ADDRESS.test(part));
  return address === undefined ? COMPUTER : `pci_${address.replace(/[:.]/g, '_')}`;
}

export function nodeDeviceXml({ name, kind, parent, path }: NodeDevice): string {
  const writer = new XmlWriter();
  writer.block('device', [], () => {
    writer.text('name', name);
    writer.text('path', path);
    if (kind === 'storage' && path !== undefined) writer.text('devnode', diskFile(path), [['type', 'dev']]);
    writer.text('parent', parent);
    const driver = kind === 'pci' && realPath(`${path}/driver`);
    if (driver) writer.block('driver', [], () => writer.text('name', driver.slice(driver.lastIndexOf('/') + 1)));
    writer.block('capability', [['type', kind]], () => WRITERS[kind](writer, path ?? ''));
  });
  return writer.toString();
}

const diskFile = (path: string): string => `/dev/${path.slice(path.lastIndexOf('/') + 1).replaceAll('!', '/')}`;

const WRITERS: Readonly<Record<NodeDeviceKind, (writer: XmlWriter, path: string) => void>> = {
  system(writer) {
    const dmi = (name: string): string | undefined => readText(`/sys/class/dmi/id/${name}`) || undefined;
    writer.text('product', dmi('product_name'));
    writer.openBlock('hardware', [], () => {
      writer.text('vendor', dmi('sys_vendor'));
      writer.text('version', dmi('product_version'));
      writer.text('serial', dmi('product_serial'));
      writer.text('uuid', dmi('product_uuid') ?? '00000000-0000-0000-0000-000000000000');
    });
    writer.openBlock('firmware', [], () => {
      writer.text('vendor', dmi('bios_vendor'));
      writer.text('version', dmi('bios_version'));
      writer.text('release_date', dmi('bios_date'));
    });
  },
  pci(writer, path) {
    const [domain, bus, slot, fn] = path.slice(path.lastIndexOf('/') + 1).split(/[:.]/);
    const [vendor, product] = [readText(`${path}/vendor`) ?? '0x0000', readText(`${path}/device`) ?? '0x0000'];
    const names = pciNames(vendor, product);
    writer.text('class', readText(`${path}/class`));
    writer.text('domain', Number.parseInt(domain ?? '', 16));
    writer.text('bus', Number.parseInt(bus ?? '', 16));
    writer.text('slot', Number.parseInt(slot ?? '', 16));
    writer.text('function', Number.parseInt(fn ?? '', 16));
    named(writer, 'product', product, names.product);
    named(writer, 'vendor', vendor, names.vendor);
    const node = readText(`${path}/numa_node`);
    if (node !== undefined && Number(node) >= 0) writer.empty('numa', [['node', node]]);
  },
  net(writer, path) {
    writer.text('interface', path.slice(path.lastIndexOf('/') + 1));
    writer.text('address', readText(`${path}/address`));
    writer.empty('link', linkText(path));
    // Ethernet and the like, or wireless.
    writer.empty('capability', [['type', fs.existsSync(`${path}/wireless`) ? '80211' : '80203']]);
  },
  storage(writer, path) {
    const bytesPerSector = 512n;
    const size = BigInt(readText(`${path}/size`) || 0) * bytesPerSector;
    const block = BigInt(readText(`${path}/queue/logical_block_size`) || bytesPerSector);
    const isRemovable = readText(`${path}/removable`) === '1';
    const sizes = (): void => {
      writer.text(isRemovable ? 'media_size' : 'size', size);
      writer.text('logical_block_size', block);
      writer.text('num_blocks', size / block);
    };
    writer.text('block', diskFile(path));
    writer.text('drive_type', readText(`${path}/device/type`) === '5' ? 'cdrom' : 'disk');
    writer.text('model', readText(`${path}/device/model`) || undefined);
    writer.text('vendor', readText(`${path}/device/vendor`) || undefined);
    writer.text('serial', readText(`${path}/device/serial`) || readText(`${path}/serial`) || undefined);
    if (!isRemovable) sizes();
    else {
      writer.block('capability', [['type', 'removable']], () => {
        writer.text('media_available', size > 0n ? 1 : 0);
        sizes();
      });
    }
  },
};

function named(writer: XmlWriter, element: string, id: string, name: string | undefined): void {
  if (name === undefined) writer.empty(element, [['id', id]]);
  else writer.text(element, name, [['id', id]]);
}

const PCI_IDS = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids'];

/** What the host's list of names says (pci.ids(5)): `VENDOR  name`, and below it lines of its devices, indented by a tab. */
function pciNames(vendor: string, product: string): { vendor?: string | undefined; product?: string | undefined } {
  const list = PCI_IDS.map(readText).find((text) => text !== undefined);
  const start = list?.search(new RegExp(`^${vendor.slice(2)}  `, 'm')) ?? -1;
  if (list === undefined || start < 0) return {};
  const [first, ...rest] = list.slice(start).split('\n');
  const end = rest.findIndex((line) => !line.startsWith('\t'));
  const mark = `\t${product.slice(2)}  `;
  const line = rest.slice(0, end < 0 ? undefined : end).find((text) => text.startsWith(mark));
  return { vendor: first!.slice(6), product: line?.slice(mark.length) };
}

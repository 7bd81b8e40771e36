// Network interfaces of the host (iface-*), to be looked at. libvirt's own way without netcf is the same: sysfs, and no changes.
import fs from 'node:fs';
import { libvirtError } from '../../errors.ts';
import { listDirectory, readText } from '../../host/system-files.ts';
import { type Attributes, XmlWriter } from '../../xml/writer.ts';
import type { Connection } from '../connection.ts';

const CLASS = '/sys/class/net';

export interface HostInterface {
  readonly name: string;
  /** Empty: it has none. */
  readonly mac: string;
  readonly active: boolean;
}

/** All of them, by name. */
export function listInterfaces(_connection: Connection): HostInterface[] {
  return listDirectory(CLASS)
    .filter((name) => fs.existsSync(`${CLASS}/${name}/operstate`))
    .sort()
    .map((name) => ({ name, mac: readText(`${CLASS}/${name}/address`) ?? '', active: readText(`${CLASS}/${name}/operstate`) === 'up' }));
}

/** Throws NO_INTERFACE. */
export function lookupInterface(connection: Connection, name: string): HostInterface {
  const found = listInterfaces(connection).find((one) => one.name === name);
  if (found === undefined) throw libvirtError('NO_INTERFACE', `couldn't find interface named '${name}'`);
  return found;
}

/** Throws NO_INTERFACE; MULTIPLE_INTERFACES where several have this address. */
export function lookupInterfaceByMac(connection: Connection, mac: string): HostInterface {
  const [found, another] = listInterfaces(connection).filter((one) => one.mac.toLowerCase() === mac.toLowerCase());
  if (found === undefined) throw libvirtError('NO_INTERFACE', `couldn't find interface with MAC address '${mac}'`);
  if (another) throw libvirtError('MULTIPLE_INTERFACES', `the MAC address '${mac}' matches multiple interfaces`);
  return found;
}

/** The attributes of <link>. `path`: a directory of sysfs. A speed that the kernel does not know is left out. */
export function linkText(path: string): Attributes {
  const speed = Number(readText(`${path}/speed`) ?? -1);
  return [
    ['speed', speed > 0 ? speed : undefined],
    ['state', readText(`${path}/operstate`)],
  ];
}

export function interfaceXml({ name }: Pick<HostInterface, 'name'>): string {
  const writer = new XmlWriter();
  writeInterface(writer, name);
  return writer.toString();
}

function writeInterface(writer: XmlWriter, name: string, isPort = false): void {
  const path = `${CLASS}/${name}`;
  const isBridge = fs.existsSync(`${path}/bridge`);
  const attributes: Attributes = [
    ['type', isBridge ? 'bridge' : 'ethernet'],
    ['name', name],
  ];
  writer.block('interface', attributes, () => {
    if (!isPort) writer.empty('mtu', [['size', readText(`${path}/mtu`)]]);
    if (isBridge) writeBridge(writer, path);
    else {
      writer.empty('link', linkText(path));
      writer.empty('mac', [['address', readText(`${path}/address`)]]);
    }
  });
}

const HUNDREDTHS = 100;

function writeBridge(writer: XmlWriter, path: string): void {
  const stp = readText(`${path}/bridge/stp_state`) === '0' ? 'off' : 'on';
  const delay = (Number(readText(`${path}/bridge/forward_delay`) ?? 0) / HUNDREDTHS).toFixed(2);
  const attributes: Attributes = [
    ['stp', stp],
    ['delay', delay],
  ];
  writer.block('bridge', attributes, () => {
    for (const port of listDirectory(`${path}/brif`).sort()) writeInterface(writer, port, true);
  });
}

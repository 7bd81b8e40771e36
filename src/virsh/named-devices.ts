// What virsh makes of a domain's XML before it calls a device function: the element of the device that a user names, and
// documents of new devices.

import fs from 'node:fs';
import type { DomainRef } from '../domain/ref.ts';
import type { Connection } from '../driver/connection.ts';
import { domainXml } from '../driver/domain/xml.ts';
import { type DiskOptions, diskDocument } from './device-document.ts';
import * as elements from './device-element.ts';

/** The stored definition instead of the running one. */
export interface WhichDefinition {
  inactive: boolean;
}

/** `<disk …>` of a new disk; a source that is a block device here makes it one of type block. */
export function newDiskDocument(options: Omit<DiskOptions, 'sourceIsBlock'>): string {
  const facts = fs.statSync(options.source, { throwIfNoEntry: false });
  return diskDocument({ ...options, sourceIsBlock: facts?.isBlockDevice() ?? false });
}

/** The disk with this source or target. */
export async function diskElement(connection: Connection, ref: DomainRef, which: WhichDefinition, name: string): Promise<string> {
  return elements.diskElement(await domainXml(connection, ref, which), name);
}

/** The CD or floppy drive with this source or target, after its medium was changed. */
export async function diskElementWithMedia(
  connection: Connection,
  ref: DomainRef,
  which: WhichDefinition,
  name: string,
  change: elements.MediaChange,
): Promise<string> {
  return elements.diskElementWithMedia(await domainXml(connection, ref, which), name, change);
}

/** The only interface of `type`, or the one of that type with the MAC address. */
export async function interfaceElement(
  connection: Connection,
  ref: DomainRef,
  which: WhichDefinition,
  { type, mac }: { type: string; mac: string | undefined },
): Promise<string> {
  return elements.interfaceElement(await domainXml(connection, ref, which), type, mac);
}

/** up or down, of the interface with this MAC address or device on the host. */
export async function interfaceLinkState(connection: Connection, ref: DomainRef, which: WhichDefinition, name: string): Promise<string> {
  return elements.interfaceLinkState(await domainXml(connection, ref, which), name);
}

export async function interfaceElementWithLink(
  connection: Connection,
  ref: DomainRef,
  which: WhichDefinition,
  name: string,
  state: 'up' | 'down',
): Promise<string> {
  return elements.interfaceElementWithLink(await domainXml(connection, ref, which), name, state);
}

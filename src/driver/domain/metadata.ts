// Title, description and the applications' own elements of a domain.

import { type MetadataChange, metadataOf, type TextKind, withMetadata, withText } from '../../domain/metadata-change.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { recordEvent } from '../../store/events.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, changeAffected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** The title or description, or undefined where there is none. */
export function domainText(connection: Connection, ref: DomainRef, what: TextKind, affect: Affect): string | undefined {
  return queried(readDomain(connection, ref), affect).definition[what];
}

/** An empty text removes it. Throws PLAIN for a title of several lines. */
export function setDomainText(connection: Connection, ref: DomainRef, what: TextKind, text: string, affect: Affect): void {
  requireWritable(connection, 'virDomainSetMetadata');
  changeDomain(connection, ref, (image) => changeAffected(image, affect, (definition) => withText(definition, what, text)));
  recordEvent({ domain: ref.name, uuid: ref.uuid, event: 'metadata-change', type: what });
}

/** The element of namespace `uri`, without that namespace. Throws NO_DOMAIN_METADATA where there is none. */
export function domainMetadata(connection: Connection, ref: DomainRef, uri: string, affect: Affect): string {
  const found = metadataOf(queried(readDomain(connection, ref), affect).definition, uri);
  if (found === undefined) throw libvirtError('NO_DOMAIN_METADATA', 'Requested metadata element is not present');
  return found;
}

/** Stores or removes the element of namespace `uri`. Throws XML_DETAIL for malformed XML, INTERNAL_ERROR for a bad prefix. */
export function setDomainMetadata(connection: Connection, ref: DomainRef, change: MetadataChange, affect: Affect): void {
  requireWritable(connection, 'virDomainSetMetadata');
  changeDomain(connection, ref, (image) => changeAffected(image, affect, (definition) => withMetadata(definition, change)));
  recordEvent({ domain: ref.name, uuid: ref.uuid, event: 'metadata-change', type: 'element', uri: change.uri });
}

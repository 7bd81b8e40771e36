// The clock that a container sees: the host's, as no namespace has the time of day.

import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { requireActive } from './running.ts';

/** Milliseconds since the epoch. As in libvirt not for a read-only connection. */
export function domainTimeMs(connection: Connection, ref: DomainRef): number {
  requireWritable(connection, 'virDomainGetTime');
  requireBeyondLibvirt('virDomainGetTime');
  requireActive(connection, ref);
  return Date.now();
}

/** Always throws: OPERATION_UNSUPPORTED. */
export function setDomainTime(connection: Connection, ref: DomainRef): never {
  requireWritable(connection, 'virDomainSetTime');
  requireBeyondLibvirt('virDomainSetTime');
  requireActive(connection, ref);
  throw libvirtError('OPERATION_UNSUPPORTED', "a container has the host's clock, which is set for all or for none");
}

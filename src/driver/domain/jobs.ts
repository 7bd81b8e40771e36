// Long operations on a domain, which containers have none of: nothing saves, copies or moves them.

import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { requireActive } from './running.ts';

/** The kind of job that is going on, by libvirt's number and word. `api`: as it was called. */
export function jobType(
  connection: Connection,
  ref: DomainRef,
  api: 'virDomainGetJobInfo' | 'virDomainGetJobStats',
): { number: 0; name: 'None' } {
  requireBeyondLibvirt(api);
  requireActive(connection, ref);
  return { number: 0, name: 'None' };
}

/** Always throws: OPERATION_INVALID, as there is no job. `api`: as it was called. */
export function abortJob(connection: Connection, ref: DomainRef, api: 'virDomainAbortJob' | 'virDomainAbortJobFlags'): never {
  requireWritable(connection, api);
  requireBeyondLibvirt(api);
  requireActive(connection, ref);
  throw libvirtError('OPERATION_INVALID', 'no job is active on the domain');
}

// Whether a running domain can be talked to, and whether its disks failed.

import type { DomainRef } from '../../domain/ref.ts';
import type { Connection } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { requireActive } from './running.ts';

/** A controller answers signals at any time: whatever state it is in, the next command can talk to it. */
export function controlState(connection: Connection, ref: DomainRef): 'ok' {
  requireBeyondLibvirt('virDomainGetControlInfo');
  requireActive(connection, ref);
  return 'ok';
}

export interface DiskError {
  readonly disk: string;
  readonly error: string;
}

/** None: no container is stopped for an error of a disk, which the kernel tells whoever reads or writes. */
export function diskErrors(connection: Connection, ref: DomainRef): DiskError[] {
  requireBeyondLibvirt('virDomainGetDiskErrors');
  requireActive(connection, ref);
  return [];
}

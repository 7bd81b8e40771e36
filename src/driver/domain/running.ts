import type { DomainRef } from '../../domain/ref.ts';
import { notRunning } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import { isActive } from './lookup.ts';

/** Throws OPERATION_INVALID for a domain that does not run. */
export function requireActive(connection: Connection, ref: DomainRef): void {
  if (!isActive(connection, ref)) throw notRunning();
}

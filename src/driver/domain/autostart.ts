// Starting domains with the host: the marks, and the command that the boot unit runs.
import type { DomainRef } from '../../domain/ref.ts';
import { failureIn, type LibvirtError, libvirtError } from '../../errors.ts';
import { isFirstOfBoot } from '../../store/autostart.ts';
import { autostartNames, hasAutostartLink, isDefined, setAutostartLink } from '../../store/definitions.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { paths } from '../../store/paths.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { findByName } from './lookup.ts';
import { startDomain } from './start.ts';

export function isAutostarted(_connection: Connection, ref: DomainRef): boolean {
  return hasAutostartLink(ref.name);
}

/** Throws OPERATION_INVALID for a transient domain. */
export function setAutostart(connection: Connection, ref: DomainRef, on: boolean): void {
  requireWritable(connection, 'virDomainSetAutostart');
  using _lock = lockDomain(ref.name);
  if (!isDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'Cannot set autostart for transient domain');
  setAutostartLink(ref.name, on);
}

export interface AutostartResult {
  name: string;
  /** undefined: started, or it ran already. */
  error: LibvirtError | undefined;
}

/**
 * Starts every marked domain that does not run; once for each boot of the host, as the marker in /run says, unless `again`.
 * One that fails does not keep the others from starting.
 */
export async function autostartDomains(connection: Connection, { again }: { again: boolean }): Promise<AutostartResult[]> {
  requireWritable(connection, 'virDomainCreate');
  if (!isFirstOfBoot(paths.autostarted) && !again) return [];
  const results: AutostartResult[] = [];
  for (const name of autostartNames().sort()) {
    const ref = findByName(name);
    if (!ref || liveStatus(name)) continue;
    results.push({ name, error: await failureIn(() => startDomain(connection, ref, {})) });
  }
  return results;
}

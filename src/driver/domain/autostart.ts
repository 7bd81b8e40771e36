// Starting domains with the host: the marks, and the command that the boot unit runs.
import type { DomainRef } from '../../domain/ref.ts';
import { failureIn, type LibvirtError, libvirtError } from '../../errors.ts';
import { isFirstOfBoot } from '../../store/autostart.ts';
import { autostartNames, hasAutostartLink, isDefined, setAutostartLink } from '../../store/definitions.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { type AutostartMark, paths } from '../../store/paths.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { findByName } from './lookup.ts';

export function isAutostarted(_connection: Connection, ref: DomainRef): boolean {
  return hasAutostartLink(ref.name);
}

/** Starts it the next time that the host has booted, and then no more? */
export function isAutostartedOnce(_connection: Connection, ref: DomainRef): boolean {
  return hasAutostartLink(ref.name, 'once');
}

/** Throws OPERATION_INVALID for a transient domain. */
export function setAutostartOnce(connection: Connection, ref: DomainRef, on: boolean): void {
  requireWritable(connection, 'virDomainSetAutostartOnce');
  requireBeyondLibvirt('virDomainSetAutostartOnce');
  setMark(ref, on, 'once');
}

/** Throws OPERATION_INVALID for a transient domain. */
export function setAutostart(connection: Connection, ref: DomainRef, on: boolean): void {
  requireWritable(connection, 'virDomainSetAutostart');
  setMark(ref, on, 'always');
}

function setMark(ref: DomainRef, on: boolean, mark: AutostartMark): void {
  using _lock = lockDomain(ref.name);
  if (!isDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'Cannot set autostart for transient domain');
  setAutostartLink(ref.name, on, mark);
}

export interface AutostartResult {
  name: string;
  /** undefined: started, or it ran already. */
  error: LibvirtError | undefined;
}

/**
 * Starts every marked domain that does not run; once for each boot of the host, as the marker in /run says, unless `again`.
 * One that fails does not keep the others from starting. What is marked for the next boot loses that mark by it, `again` or not.
 */
export async function autostartDomains(connection: Connection, { again }: { again: boolean }): Promise<AutostartResult[]> {
  requireWritable(connection, 'virDomainCreate');
  const isFirst = isFirstOfBoot(paths.autostarted);
  if (!isFirst && !again) return [];
  const { startDomain } = await import('./start.ts');
  const results: AutostartResult[] = [];
  const once = new Set(isFirst ? autostartNames('once') : []);
  for (const name of [...new Set([...autostartNames('always'), ...once])].sort()) {
    const ref = findByName(name);
    // Before the start: what that does to the host must not be done again at the next boot.
    if (ref && once.has(name)) forgetOnce(ref);
    if (!ref || liveStatus(name)) continue;
    results.push({ name, error: await failureIn(() => startDomain(connection, ref, {})) });
  }
  return results;
}

function forgetOnce({ name }: DomainRef): void {
  using _lock = lockDomain(name);
  setAutostartLink(name, false, 'once');
}

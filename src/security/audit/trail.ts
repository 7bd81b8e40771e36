// The trail that a domain leaves in the host's audit log, and in its own if that is wanted.
import { failureInSync, libvirtError } from '../../errors.ts';
import { noteInLog, warn } from '../../store/log.ts';
import { isAuditOn, sendRecords } from './kernel.ts';
import type { AuditRecord } from './records.ts';
import { auditSettings } from './settings.ts';

export interface Trail {
  /** The kernel keeps records. */
  readonly isKept: boolean;
  readonly isLogged: boolean;
}

const NONE: Trail = { isKept: false, isLogged: false };

/**
 * Throws where the settings cannot be understood, and INTERNAL_ERROR where nothing is to be done without records that cannot be had.
 * To be asked before anything is begun. Differs from libvirt, whose daemon is content with a kernel that has audit, on or off.
 */
export function requireTrail(): Trail {
  const { level, isLogged } = auditSettings();
  const isKept = level > 0 && isAuditOn();
  if (level > 1 && !isKept) throw libvirtError('INTERNAL_ERROR', 'Audit is not supported by the kernel, or not enabled: audit_level is 2');
  return { isKept, isLogged };
}

/** The same for what has happened already: nothing keeps it from that. */
export function trailOf(name: string): Trail {
  let trail = NONE;
  const failure = failureInSync(() => {
    const { level, isLogged } = auditSettings();
    trail = { isKept: level > 0 && isAuditOn(), isLogged };
  });
  if (failure) warn(name, `it may lack audit records: ${failure.message}`);
  return trail;
}

/** Writes what `make` returns, if anybody wants it. What cannot be written is warned of in the domain's log. */
export function leaveTrail(name: string, { isKept, isLogged }: Trail, make: () => readonly AuditRecord[]): void {
  if (!isKept && !isLogged) return;
  const records = make();
  if (isLogged) for (const { text, success } of records) noteInLog(name, `audit: success=${success ? 'yes' : 'no'} ${text}`);
  const failure = isKept ? failureInSync(() => sendRecords(records)) : undefined;
  if (failure) warn(name, failure.message);
}

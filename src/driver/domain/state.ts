// The state of a domain. Parses no XML, and loads nothing that does.

import type { DomainRef } from '../../domain/ref.ts';
import { liveStatus, readEnd, readEndDetail } from '../../store/live-status.ts';
import type { Connection } from '../connection.ts';
import type { DomainStateName } from './lookup.ts';

/** State and reason as `domstate --reason` prints them; `why`: what else is known of the end of one that is off. */
export function domainState(_connection: Connection, ref: DomainRef): { state: DomainStateName; reason: string; why?: string | undefined } {
  const status = liveStatus(ref.name);
  if (!status) return { state: 'shut off', reason: readEnd(ref.name), why: readEndDetail(ref.name) };
  return { state: status.state, reason: status.reason.replace('-', ' ') };
}

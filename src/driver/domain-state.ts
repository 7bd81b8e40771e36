// The state of a domain. Parses no XML, and loads nothing that does.

import { readEnd } from '../store/live-status.ts';
import type { Connection } from './connection.ts';
import { type DomainRef, type DomainStateName, liveStatus } from './domain-lookup.ts';

/** State and reason as `domstate --reason` prints them. */
export function domainState(_connection: Connection, ref: DomainRef): { state: DomainStateName; reason: string } {
  const status = liveStatus(ref.name);
  if (!status) return { state: 'shut off', reason: readEnd(ref.name) };
  return { state: status.state, reason: status.reason.replace('-', ' ') };
}

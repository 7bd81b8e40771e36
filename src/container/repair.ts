// Clearing up after a dead controller, for those that seldom have to: what does it is large, and loaded when there is something.

import { labelNotes } from '../store/label-notes.ts';
import { leftCgroups } from '../store/left-cgroups.ts';
import { readStatus, type StatusRecord } from '../store/live-status.ts';

/** repairStale() of cleanup.ts. */
export async function repairStale(name: string): Promise<StatusRecord | undefined> {
  const record = readStatus(name);
  if (leftCgroups().length === 0 && labelNotes().length === 0 && (!record || record.alive)) return record;
  return (await import('./cleanup.ts')).repairStale(name);
}

// Which label each container has that runs or is about to: written before anything of the host is changed for it and removed after
// all of that is undone, so that the next command can undo what a killed one has left.
import type { Seclabel } from '../domain/definition.ts';
import type { DomainRef } from '../domain/ref.ts';
import { listDirectory } from '../host/system-files.ts';
import { readIfThere, removeIfThere, writeAtomically } from './atomic-write.ts';
import { readStatus } from './live-status.ts';
import { namesIn, paths } from './paths.ts';

export interface LabelNote {
  domain: DomainRef;
  seclabel: Seclabel;
}

const ENDING = '.sec'; // no longer than that of the longest file of a domain's
const fileOf = (name: string): string => `${paths.labels}/${name}${ENDING}`;

/** Throws SYSTEM_ERROR. */
export function writeLabelNote({ domain: { name, uuid }, seclabel }: LabelNote): void {
  writeAtomically(fileOf(name), `${JSON.stringify({ domain: { name, uuid }, seclabel })}\n`, { durable: false });
}

/** undefined also for one that is damaged: nothing can be told of it. */
export function readLabelNote(name: string): LabelNote | undefined {
  const text = readIfThere(fileOf(name));
  if (text === undefined) return undefined;
  try {
    const { domain, seclabel } = JSON.parse(text) as LabelNote;
    return typeof domain.uuid === 'string' && typeof seclabel.type === 'string'
      ? { domain: { name, uuid: domain.uuid }, seclabel }
      : undefined;
  } catch {
    return undefined; // cut off by a full file system
  }
}

export const removeLabelNote = (name: string): void => removeIfThere(fileOf(name));

/** The names of the domains that have one. */
export const labelNotes = (): string[] => namesIn(listDirectory(paths.labels), ENDING);

/** The names of domains that are off, whose labels a killed command has left, unless it is just starting one. */
export const leftLabels = (): string[] => labelNotes().filter((name) => readStatus(name) === undefined);

/** Costs no more than a look at a directory where nothing was ever labelled. */
export const hasLeftLabels = (): boolean => leftLabels().length > 0;

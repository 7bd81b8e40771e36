// A change of what is stored that takes more than one step: a rename, for as long as which there are two definitions with one uuid,
// or the end of a definition with an autostart mark. One that died is put right by the next command, which must know of it. A reboot
// does not end it; but the note does not lie among the definitions, whose index a change of their directory makes old.
import fs from 'node:fs';
import { readIfThere, removeDurably, writeAtomically } from './atomic-write.ts';
import { paths } from './paths.ts';

const note = `${paths.autostart}/.change`;

export interface NotedChange {
  from: string;
  /** '' where the definition is removed. */
  to: string;
}

/** No name has a slash in it. */
export function noteChange({ from, to }: NotedChange): void {
  writeAtomically(note, `${from}/${to}`, { durable: true });
}

export function forgetChange(): void {
  removeDurably(note);
}

export const isChangeNoted = (): boolean => fs.existsSync(note);

export function notedChange(): NotedChange | undefined {
  const [from, to] = readIfThere(note)?.split('/') ?? [];
  return from && to !== undefined ? { from, to } : undefined;
}

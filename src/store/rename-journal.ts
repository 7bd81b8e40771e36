// Which rename of a definition is under way: for as long as that takes there are two definitions with one uuid. One that died is
// put right by the next command, which must know of it. A reboot does not end it; but it does not lie among the definitions, whose
// index a change of their folder makes old.
import fs from 'node:fs';
import { readIfThere, removeDurably, writeAtomically } from './atomic-write.ts';
import { paths } from './paths.ts';

const journal = `${paths.autostart}/.renaming`;

export interface Rename {
  from: string;
  to: string;
}

/** No name has a slash in it. */
export function noteRename({ from, to }: Rename): void {
  writeAtomically(journal, `${from}/${to}`, { durable: true });
}

export function forgetRename(): void {
  removeDurably(journal);
}

export const isRenaming = (): boolean => fs.existsSync(journal);

export function notedRename(): Rename | undefined {
  const [from, to] = readIfThere(journal)?.split('/') ?? [];
  return from && to ? { from, to } : undefined;
}

// What killed commands leave in the store, and nobody would ask for again.
import fs from 'node:fs';
import { listFolder } from './atomic-write.ts';
import { definedNames } from './definitions.ts';
import { statusNames } from './live-status.ts';
import { tryLockDomain } from './lock.ts';
import { namesIn, paths } from './paths.ts';
import { processStat } from './process.ts';

const TEMPORARY = /^\.(\d+)\.\d+\.new$/;

/** Removes temporary files whose writer is dead, and the locks of domains that are neither defined nor running. */
export function sweepStore(): void {
  const running = listFolder(paths.run);
  for (const [folder, entries] of [[paths.run, running] as const, [paths.definitions, listFolder(paths.definitions)] as const]) {
    for (const entry of entries) {
      const writer = TEMPORARY.exec(entry)?.[1];
      if (writer !== undefined && !processStat(Number(writer))) fs.rmSync(`${folder}/${entry}`, { force: true });
    }
  }
  const known = new Set([...definedNames(), ...statusNames()]);
  // Whoever holds one of these is about to define or create that domain.
  for (const name of namesIn(running, '.lock')) if (!known.has(name)) tryLockDomain(name)?.retire();
}

// What starts with the host, domains and networks alike: a link to each definition, and a marker of each boot.
import fs from 'node:fs';
import path from 'node:path';
import { errnoCode, systemError } from '../errors.ts';
import { removeDurably, syncDirectory } from './atomic-write.ts';

/** Makes or removes the link; either may be so already. Throws SYSTEM_ERROR; `noDirectory` is what is said without its directory. */
export function setLink(link: string, definition: string, on: boolean, noDirectory: string): void {
  if (!on) {
    removeDurably(link);
    return;
  }
  const directory = path.dirname(link);
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(noDirectory, error);
  }
  try {
    fs.symlinkSync(definition, link);
    syncDirectory(directory);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw systemError(`Failed to create symlink '${link}' to '${definition}'`, error);
  }
}

/** The first time since the host booted? `marker` is a file in /run that says so once. */
export function isFirstOfBoot(marker: string): boolean {
  if (fs.existsSync(marker)) return false;
  fs.mkdirSync(path.dirname(marker), { recursive: true, mode: 0o755 });
  fs.closeSync(fs.openSync(marker, 'a', 0o600));
  return true;
}

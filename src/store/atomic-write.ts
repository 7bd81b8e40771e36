// Files that are either the old one or the new one, whatever dies in between.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { errnoCode, systemError } from '../errors.ts';
import { sweepDirectory } from './sweep.ts';

let counter = 0;

/**
 * Replaces `file` by `content`: a temporary file in the same directory, fsync, rename, fsync of the directory.
 * Makes the directory. Throws SYSTEM_ERROR; then the old file is as it was and no temporary one is left (unless killed in
 * between: a dotfile, which nothing reads and the next writer's sweepDirectory() removes).
 *
 * `durable: false` leaves out the fsyncs: for files that a reboot is meant to lose. `mode`: 0600 where nothing is said.
 */
export function writeAtomically(file: string, content: string | Uint8Array, options: { durable: boolean; mode?: number }): void {
  const { mode = 0o600 } = options;
  const directory = path.dirname(file);
  const temporary = path.join(directory, `.${process.pid}.${counter++}.new`);
  sweepDirectory(directory);
  try {
    let fd: number;
    try {
      fd = fs.openSync(temporary, 'wx', mode);
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error;
      fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
      fd = fs.openSync(temporary, 'wx', mode);
    }
    try {
      fs.writeFileSync(fd, content); // unlike writeSync, all of it: a full disk first takes a part
      if (options.durable) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
    if (options.durable) syncDirectory(directory);
  } catch (error) {
    discard(temporary);
    throw systemError(`cannot write file '${file}'`, error);
  }
}

function discard(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // what kept it from being written keeps it from being removed: there is none
  }
}

/** Removes a file that a reboot is meant to lose; one that is not there is fine. (fs.rmSync loads a module of its own.) */
export function removeIfThere(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw systemError(`cannot remove file '${file}'`, error);
  }
}

/** Removes a file for good; one that is not there is fine. Throws SYSTEM_ERROR. */
export function removeDurably(file: string): void {
  sweepDirectory(path.dirname(file));
  try {
    fs.unlinkSync(file);
    syncDirectory(path.dirname(file));
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw systemError(`cannot remove file '${file}'`, error);
  }
}

export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The text of a file, or undefined where there is none: a directory is none. Throws SYSTEM_ERROR. */
export function readIfThere(file: string, { directoryIsNone = true } = {}): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || (directoryIsNone && errnoCode(error) === 'EISDIR')) return undefined;
    throw systemError(`Failed to open file '${file}'`, error);
  }
}

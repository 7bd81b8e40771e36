// Programs that are run for the host: where they are, and what to install where they are not.
import fs from 'node:fs';
import process from 'node:process';
import { libvirtError } from '../errors.ts';

/** Where administrators' programs are, whatever the caller's PATH says. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The path of `name`. Throws OPERATION_FAILED with the Debian package that has it. */
export function requireProgram(name: string, debianPackage: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  throw libvirtError('OPERATION_FAILED', `Unable to find '${name}' binary in $PATH; it is in Debian's package ${debianPackage}`);
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => `${folder}/${name}`).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // not there, or not to be run by us
  }
}

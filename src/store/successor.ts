// Which program sees to the end of a container whose own is gone: a link for its controller, to the one that looked at domains last.
// Containers outlive an upgrade that installs the program in another place.
import fs from 'node:fs';
import process from 'node:process';
import { programFile } from '../../lib-native/runtime.ts';
import { paths } from './paths.ts';

/** Makes the link if it is not there yet, or another program's. Who may not write there, or cannot, has no containers either. */
export function becomeSuccessor(): void {
  try {
    if (fs.readlinkSync(paths.successor) === programFile) return;
  } catch {
    // no container has been started
  }
  const made = `${paths.run}/.${process.pid}.0.new`; // as store/sweep.ts knows it
  try {
    fs.symlinkSync(programFile, made);
    fs.renameSync(made, paths.successor);
  } catch {
    // the directory is not there, or not ours
  }
}

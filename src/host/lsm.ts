// Which of the kernel's ways of labelling processes is in force (lsm(7) has no manual page; Documentation/admin-guide/LSM).
import fs from 'node:fs';
import { readText } from './system-files.ts';

/** undefined: none that containers can be labelled by. */
export function activeLsm(): 'selinux' | 'apparmor' | undefined {
  if (fs.existsSync('/sys/fs/selinux/enforce')) return 'selinux';
  return readText('/sys/module/apparmor/parameters/enabled') === 'Y' ? 'apparmor' : undefined;
}

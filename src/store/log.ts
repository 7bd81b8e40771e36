// The log of a domain: what its controller and the aftermath say.
import fs from 'node:fs';
import { systemError } from '../errors.ts';
import { logFile, paths } from './paths.ts';

/** The domain's log, with the line that says when; and /dev/null. */
export function openLog(name: string): Disposable & { fd: number; nullFd: number } {
  const file = logFile(name);
  let fd: number;
  try {
    fs.mkdirSync(paths.log, { recursive: true, mode: 0o755 });
    fd = fs.openSync(file, 'a', 0o600);
  } catch (error) {
    throw systemError(`Failed to open '${file}'`, error);
  }
  const nullFd = fs.openSync('/dev/null', 'r');
  const close = () => {
    fs.closeSync(fd);
    fs.closeSync(nullFd);
  };
  try {
    fs.writeSync(fd, `${new Date().toISOString().replace('T', ' ').replace('Z', '+0000')}: starting up\n`);
  } catch (error) {
    close();
    throw systemError(`Failed to write '${file}'`, error);
  }
  return { fd, nullFd, [Symbol.dispose]: close };
}

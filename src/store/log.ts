// The log of a domain: what its controller and the aftermath say, and every warning that a command gave about it.
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
    fs.writeSync(fd, logLine('starting up'));
  } catch (error) {
    close();
    throw systemError(`Failed to write '${file}'`, error);
  }
  return { fd, nullFd, [Symbol.dispose]: close };
}

const logLine = (text: string): string => `${new Date().toISOString().replace('T', ' ').replace('Z', '+0000')}: ${text}\n`;

/** Warns whoever is there to read it (`onWarning`), and in the domain's log always. */
export function warn(name: string, text: string, onWarning?: (text: string) => void): void {
  onWarning?.(text);
  noteInLog(name, `warning: ${text}`);
}

/** Adds a line, with the time, to the domain's log. A log that cannot be written is done without: it is no reason to fail. */
function noteInLog(name: string, text: string): void {
  try {
    fs.mkdirSync(paths.log, { recursive: true, mode: 0o755 });
    fs.appendFileSync(logFile(name), logLine(text), { mode: 0o600 });
  } catch {
    // a full disk, or a place that is not ours to write to
  }
}

// The log of a domain: what its controller says, also of what it does at the end, and every warning that a command gave about it.
import fs from 'node:fs';
import { systemError } from '../errors.ts';
import { removeRecords } from './console-record.ts';
import { logFile, paths } from './paths.ts';

/** The domain's log, with the line that says when; and /dev/null. */
export function openLog(name: string): Disposable & { fd: number; nullFd: number } {
  const file = logFile(name);
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds) fs.closeSync(fd);
  };
  const open = (path: string, flags: string): number => {
    try {
      fds.push(fs.openSync(path, flags, 0o600));
    } catch (error) {
      close();
      throw systemError(`Failed to open '${path}'`, error);
    }
    return fds.at(-1)!;
  };
  makeWay(file);
  const fd = open(file, 'a');
  const nullFd = open('/dev/null', 'r');
  try {
    fs.writeSync(fd, logLine('starting up'));
  } catch (error) {
    close();
    throw systemError(`Failed to write '${file}'`, error);
  }
  return { fd, nullFd, [Symbol.dispose]: close };
}

/** A container has a hand in its log: each of its ends adds what nobody read of its consoles. */
const FULL_BYTES = 2 * 1024 * 1024;
const OLD = '.0';

/** One that is full is kept until the next one is. Makes the directory of logs. */
function makeWay(file: string): void {
  try {
    if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= FULL_BYTES) fs.renameSync(file, file + OLD);
    fs.mkdirSync(paths.log, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(`Failed to open '${file}'`, error);
  }
}

export function removeLogs(name: string): void {
  for (const end of ['', OLD]) fs.rmSync(logFile(name) + end, { force: true });
  removeRecords(name);
}

const logLine = (text: string): string => `${logTime(Date.now())}: ${text}\n`;

/** As libvirt's logs have it. */
export const logTime = (timeMs: number): string => new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '+0000');

/** Warns whoever is there to read it (`onWarning`), and in the domain's log always. */
export function warn(name: string, text: string, onWarning?: (text: string) => void): void {
  onWarning?.(text);
  noteInLog(name, `warning: ${text}`);
}

/** Adds a line, with the time, to the domain's log. A log that cannot be written is done without: it is no reason to fail. */
export function noteInLog(name: string, text: string): void {
  try {
    fs.mkdirSync(paths.log, { recursive: true, mode: 0o755 });
    fs.appendFileSync(logFile(name), logLine(text), { mode: 0o600 });
  } catch {
    // a full disk, or a place that is not ours to write to
  }
}

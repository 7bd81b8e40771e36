// The files of <console><log file=…/></console>, and those in which the output of every console is kept: opened before init runs,
// written by the controller.

import fs from 'node:fs';
import path from 'node:path';
import {
  ELOOP,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_WRONLY,
} from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { CharDevice, DomainDefinition } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { openRecords, type RecordLimits, recordLimits } from '../store/console-record.ts';
import { echoedAttribute } from '../xml/echoed.ts';

/** The mode that libvirt's virtlogd gives such a file. */
const MODE = 0o600;

/** Where one console's output goes, too: the controller begins the file anew in its directory when it is full. */
export interface ConsoleLog {
  readonly fd: number;
  readonly directory: number;
  readonly name: string;
}

export interface ConsoleLogs extends Disposable {
  /** By the place of the <console>. */
  readonly byConsole: ReadonlyMap<number, ConsoleLog>;
  /** Where the output of all of them is kept, if it is. */
  readonly records: (RecordLimits & { readonly directory: number }) | undefined;
}

const logOf = ({ others }: CharDevice) => others.find(({ name }) => name === 'log');

/** Throws SYSTEM_ERROR where a file cannot be opened, and CONFIG_UNSUPPORTED where it is none; nothing stays open then. */
export function openConsoleLogs({ name, devices }: DomainDefinition): ConsoleLogs {
  const byConsole = new Map<number, ConsoleLog>();
  const limits = recordLimits();
  let records: ConsoleLogs['records'];
  const close = () => {
    if (records) linux.close(records.directory);
    records = undefined;
    for (const { fd, directory } of byConsole.values()) for (const open of [fd, directory]) linux.close(open);
    byConsole.clear();
  };
  try {
    devices.consoles.forEach((device, index) => {
      const log = logOf(device);
      const file = log && echoedAttribute(log, 'file');
      if (file !== undefined) byConsole.set(index, openLogFile(file, echoedAttribute(log!, 'append') === 'on'));
    });
    if (limits && devices.consoles.length > 0) records = { ...limits, directory: openRecords(name, devices.consoles.length) };
  } catch (error) {
    close();
    throw error;
  }
  return { byConsole, records, [Symbol.dispose]: close };
}

/** No link, pipe or device is followed: whoever may write in that directory would have the host's root write elsewhere. */
function openLogFile(file: string, append: boolean): ConsoleLog {
  const name = path.basename(file);
  const directory = linux.open(path.resolve('/', path.dirname(file)), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw cannotOpen(file, -directory);
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const fd = linux.openat(directory, name, flags, MODE);
  try {
    if (fd === -ELOOP) throw libvirtError('CONFIG_UNSUPPORTED', `log file '${file}' of a console is a symbolic link`);
    if (fd < 0) throw cannotOpen(file, -fd);
    if (!fs.fstatSync(fd).isFile()) throw libvirtError('CONFIG_UNSUPPORTED', `log file '${file}' of a console is not a regular file`);
    if (!append) fs.ftruncateSync(fd);
    return { fd, directory, name };
  } catch (error) {
    if (fd >= 0) linux.close(fd);
    linux.close(directory);
    throw error;
  }
}

const cannotOpen = (file: string, errno: number) => systemError(`Unable to open file: ${file}`, errno);

// What -d shows on standard output and -l appends to a file, in the format of libvirt's shells.

import { appendFileSync } from 'node:fs';
import { type CommandDefinition, failure, type OptionDefinition, type Settings } from './command.ts';

const LEVELS = ['DEBUG', 'INFO'] as const;

export class DebugLog {
  private readonly settings: Settings;
  private readonly program: string;

  /** `program`: its name. */
  constructor(settings: Settings, program: string) {
    this.settings = settings;
    this.program = program;
    if (settings.logFile !== undefined) openLog(settings.logFile);
  }

  /** An option of a command that is being read. */
  option(command: CommandDefinition, option: OptionDefinition, word: string | true, print: (line: string) => void): void {
    this.write(1, `${command.name}: ${option.name}(${typeWord(option)}): ${word === true ? '(none)' : word}`, print);
  }

  write(level: 0 | 1, line: string, print: (line: string) => void): void {
    if (this.settings.debugLevel > level) return;
    print(`${line}\n`);
    this.append(LEVELS[level], line);
  }

  error(line: string): void {
    this.append('ERROR', line);
  }

  /** An exception that nobody foresaw. */
  stack(error: unknown): void {
    this.append('ERROR', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  private append(level: string, line: string): void {
    const file = this.settings.logFile;
    if (file === undefined) return;
    const stamp = localTime(new Date());
    appendFileSync(file, `[${stamp} ${this.program} ${process.pid}] ${level} ${line}\n`, { mode: 0o644 });
  }
}

function typeWord({ type, required }: OptionDefinition): string {
  if (type === 'bool') return 'bool';
  if (required || type === 'argv') return 'optdata';
  return type === 'int' || type === 'scaled' ? 'int' : 'string';
}

function localTime(now: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${now.getFullYear()}.${two(now.getMonth() + 1)}.${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

/** The complaint about a log that cannot be written comes before anything else. */
function openLog(file: string): void {
  try {
    appendFileSync(file, '', { mode: 0o644 });
  } catch (error) {
    throw failure('failed to open the log file. check the log file path', error);
  }
}

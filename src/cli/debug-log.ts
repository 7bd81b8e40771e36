// What -d shows on standard output and -l appends to a file, in virsh's format.

import { appendFileSync } from 'node:fs';
import { failure, type Settings } from './command.ts';
import type { ParsedCommand } from './parse.ts';

const LEVELS = ['DEBUG', 'INFO'] as const;

export class DebugLog {
  private readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
    if (settings.logFile !== undefined) openLog(settings.logFile);
  }

  /** The options of a command that is about to run. */
  command(command: ParsedCommand, print: (line: string) => void): void {
    for (const [name, given] of command.values) {
      const option = command.definition.options.find((candidate) => candidate.name === name);
      const words = given === true ? ['(none)'] : given;
      for (const word of words) this.write(1, `${command.definition.name}: ${name}(${typeWord(option)}): ${word}`, print);
    }
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
    appendFileSync(file, `[${stamp} virsh ${process.pid}] ${level} ${line}\n`, { mode: 0o644 });
  }
}

function typeWord(option: { type: string; required?: boolean } | undefined): string {
  if (option?.type === 'bool') return 'bool';
  if (option?.type === 'int' || option?.type === 'scaled') return option.required ? 'optdata' : 'int';
  return option?.required || option?.type === 'argv' ? 'optdata' : 'string';
}

function localTime(now: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${now.getFullYear()}.${two(now.getMonth() + 1)}.${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

/** Virsh's complaint about a log that cannot be written comes before anything else. */
function openLog(file: string): void {
  try {
    appendFileSync(file, '', { mode: 0o644 });
  } catch (error) {
    throw failure('failed to open the log file. check the log file path', error);
  }
}

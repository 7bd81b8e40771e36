// Lines typed at the prompt: editing, history and completion by node:readline.
// The interface lives only while it waits for a line, so that commands find the terminal as it was.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CompleterResult, createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { completions, isOpen } from './complete.ts';
import { keyEditor, tellTabsFromText } from './editor-keys.ts';
import { pathsBeginning } from './file-names.ts';
import { addHistorySearch } from './history-search.ts';
import { closed, openLine, typedAs } from './open-line.ts';
import type { Session } from './session.ts';
import type { LineReader } from './shell.ts';
import { restoreOnEnd } from './terminal.ts';

/** As a shell reports a program that ^C ended. */
const INTERRUPTED_STATUS = 130;

export class TerminalReader implements LineReader {
  private readonly session: Session;
  private readonly historySize: number;
  private readonly historyFile: string | undefined;
  /** Newest first. */
  private history: string[];
  /** Lines that were pasted behind the one that was asked for. */
  private readonly ahead: string[] = [];
  private readonly output = lines(process.stdout);

  private constructor(session: Session, historySize: number) {
    this.session = session;
    this.historySize = historySize;
    this.historyFile = historyFile(process.env, session.program.name);
    this.history = loadHistory(this.historyFile, historySize);
  }

  static open(session: Session, historySize: number): TerminalReader {
    return new TerminalReader(session, historySize);
  }

  async read(prompt: string): Promise<string | undefined> {
    const pasted = this.ahead.shift();
    if (pasted !== undefined) {
      this.session.print(`${prompt}${pasted}\n`);
      return pasted;
    }
    this.session.flush();
    const reader = createInterface({
      input: process.stdin,
      output: this.output,
      terminal: true,
      prompt,
      history: [...this.history],
      historySize: this.historySize,
      completer: (line: string, done: (error?: null | Error, result?: CompleterResult) => void) => {
        // Of two Tabs at once the second one finds what the first one has inserted.
        const isThere = () => reader.line.slice(0, reader.cursor) === line;
        void this.complete(line).then((result) => done(null, isThere() ? result : [[], line]));
      },
    });
    // A terminal that can only be written to has no editor.
    if (process.env['TERM'] !== 'dumb') {
      tellTabsFromText(keyEditor(reader));
      addHistorySearch(keyEditor(reader), prompt, this.history);
    }
    const release = restoreOnEnd(() => reader.close());
    try {
      return await this.nextLine(reader);
    } finally {
      release();
      reader.close();
    }
  }

  close(): void {
    if (this.historyFile === undefined || this.history.length === 0) return;
    try {
      mkdirSync(dirname(this.historyFile), { recursive: true, mode: 0o755 });
      writeFileSync(
        this.historyFile,
        [...this.history]
          .reverse()
          .map((line) => `${line}\n`)
          .join(''),
        { mode: 0o600 },
      );
    } catch {
      // An unwritable home must not spoil the session.
    }
  }

  private nextLine(reader: Interface): Promise<string | undefined> {
    return new Promise((resolve) => {
      let first: string | undefined;
      reader.on('line', (line) => {
        this.remember(line);
        if (first !== undefined) {
          this.ahead.push(line);
          return;
        }
        first = line;
        // What was pasted in one piece arrives as several lines in this turn of the event loop.
        setImmediate(() => resolve(first));
      });
      reader.on('SIGINT', () => {
        reader.close();
        process.exit(INTERRUPTED_STATUS);
      });
      reader.on('close', () => resolve(first));
      reader.prompt();
    });
  }

  private remember(line: string): void {
    if (line === '' || line === this.history[0]) return;
    this.history = [line, ...this.history].slice(0, this.historySize);
  }

  private async complete(line: string): Promise<CompleterResult> {
    const { words, typed } = openLine(line);
    const { session } = this;
    const candidates = session.candidates.bind(session);
    const found = await completions({ table: session.table, candidates, paths: pathsBeginning }, words);
    const inserted = typedAs(
      found.map(({ text }) => text),
      typed,
    );
    if (inserted.length === 1 && !isOpen(found[0]!.text)) inserted[0] = `${closed(inserted[0]!)} `;
    return [inserted, typed];
  }
}

/**
 * readline ends a line with \r\n, as if nothing translated output; but in the runtime's raw mode the terminal goes on doing so, and
 * would get \r\r\n.
 */
function lines(terminal: NodeJS.WriteStream): NodeJS.WritableStream {
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => void terminal.write(text.replaceAll('\r\n', '\n'), done),
  });
  terminal.on('resize', () => output.emit('resize'));
  return Object.defineProperty(output, 'columns', { get: () => terminal.columns });
}

function historyFile(environment: NodeJS.ProcessEnv, program: string): string | undefined {
  const home = environment['HOME'];
  const cache = environment['XDG_CACHE_HOME'] || (home ? join(home, '.cache') : undefined);
  return cache && join(cache, 'libvirt', program, 'history');
}

function loadHistory(file: string | undefined, size: number): string[] {
  if (file === undefined) return [];
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.reverse().slice(0, size);
  } catch {
    return [];
  }
}

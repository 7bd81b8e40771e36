// Lets the user edit a text in their own editor on this terminal, and asks what to do if the result is refused.

import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { errnoCode, inContext, libvirtError, systemError } from '../errors.ts';
import type { CommandContext } from './command.ts';
import { quoteForShell } from './shell-quote.ts';
import { isTerminal } from './terminal.ts';

/** Debian's `sensible-editor` is tried where neither VISUAL nor EDITOR says otherwise, then vi. */
const DEFAULT_EDITORS = ['sensible-editor', 'vi'];

/** A file that the user edits as often as needed. Remove it with `remove`, whatever happens. */
export class EditedText {
  private readonly path: string;

  /** Throws SYSTEM_ERROR when the file cannot be made. */
  constructor({ program }: CommandContext, text: string) {
    this.path = temporaryFile(program.name, text);
  }

  /** Runs the editor and returns what it left. Throws INTERNAL_ERROR when it fails. */
  edit(context: CommandContext): string {
    context.flush();
    runEditor(this.path);
    try {
      return readFileSync(this.path, 'utf8');
    } catch (error) {
      const summary = systemError(`${this.path}: failed to read temporary file`, error).message;
      throw inContext(summary, systemError(`Failed to open file '${this.path}'`, error));
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/** The text as the user leaves it. */
export function editText(context: CommandContext, text: string): string {
  const edited = new EditedText(context, text);
  try {
    return edited.edit(context);
  } finally {
    edited.remove();
  }
}

function temporaryFile(program: string, text: string): string {
  const directory = process.env['TMPDIR'] || '/tmp';
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  for (;;) {
    const random = Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
    const path = join(directory, `${program}${random}.xml`);
    try {
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
      return path;
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST') throw systemError(`mkostemps: failed to create temporary file '${path}'`, error);
    }
  }
}

function runEditor(path: string): void {
  const chosen = process.env['VISUAL'] || process.env['EDITOR'];
  const editors = chosen ? [chosen] : DEFAULT_EDITORS;
  for (const editor of editors) {
    // An editor with options is a piece of shell, as everywhere on Unix.
    const words = /^[\w/.:@-]+$/.test(editor) ? [editor, path] : ['sh', '-c', `${editor} ${quoteForShell(path)}`];
    const child = spawnSync(words[0]!, words.slice(1), { stdio: 'inherit' });
    const missing = child.error !== undefined && errnoCode(child.error) === 'ENOENT';
    if (missing && editor !== editors.at(-1)) continue;
    if (missing && !isAbsolute(editor)) throw systemError(`Cannot find '${editor}' in path`, child.error);
    // A path is not searched for: the child fails, and says why.
    if (child.error) writeSync(2, `libvirt:  error : ${systemError(`cannot execute binary ${editor}`, child.error).message}\n`);
    const status = child.error ? (missing ? 127 : 126) : child.status;
    const shown = words.map(quoteForShell).join(' ');
    if (child.signal)
      throw libvirtError('INTERNAL_ERROR', `Child process (${shown}) unexpected fatal signal ${constants.signals[child.signal]}`);
    if (status !== 0) throw libvirtError('INTERNAL_ERROR', `Child process (${shown}) unexpected exit status ${status}`);
    return;
  }
}

export type Answer = 'again' | 'discard' | 'unchecked' | 'force';

const ANSWERS: ReadonlyMap<string, Answer> = new Map([
  ['y', 'again'],
  ['n', 'discard'],
  ['i', 'unchecked'],
  ['f', 'force'],
]);

/**
 * Asks on the terminal what to do with a text that was refused; undefined when standard input is no terminal.
 * `unchecked` is offered only with `mayRelax`.
 */
export async function askWhatNext(context: CommandContext, problem: string, mayRelax: boolean): Promise<Answer | undefined> {
  if (!isTerminal(0)) return undefined;
  const { makeRaw } = await import('../host/terminal.ts');
  const restore = makeRaw(0);
  try {
    for (;;) {
      context.print(`\r${problem} Try again? [y,n,${mayRelax ? 'i,' : ''}f,?]: `);
      context.flush();
      const key = readKey();
      const answer = key === undefined ? 'discard' : ANSWERS.get(key.toLowerCase());
      if (key === '?') context.print(explain(mayRelax));
      else if (answer && (answer !== 'unchecked' || mayRelax)) {
        context.print('\r\n');
        context.flush();
        return answer;
      }
    }
  } finally {
    restore();
  }
}

function readKey(): string | undefined {
  const key = Buffer.alloc(1);
  return readSync(0, key, 0, 1, null) === 0 ? undefined : key.toString('latin1');
}

function explain(mayRelax: boolean): string {
  const lines = [
    '',
    'y - open the editor again',
    'n - forget the changes',
    ...(mayRelax ? ['i - do not check against the schema, and try again'] : []),
    'f - try again with this text',
    '? - this list',
    '',
  ];
  return lines.join('\r\n');
}

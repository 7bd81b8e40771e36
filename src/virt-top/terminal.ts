// The screen of a terminal: it is taken over, drawn line by line, asked for keys, and given back however the program ends.
import fs from 'node:fs';
import process from 'node:process';
import { attempt } from '../host/attempt.ts';
import { makeRaw, waitFor, windowSize } from '../host/wait.ts';
import { writeFully } from '../vsh/output.ts';
import { isTerminal, restoreOnEnd } from '../vsh/terminal.ts';
import { type Key, keysIn } from './keys.ts';
import { MESSAGE_LINE, type ScreenLine, type Size } from './screen.ts';

const KEYBOARD = 0;
const SCREEN = 1;
/** A page of its own, without what was there before; and back (xterm's ctlseqs). */
const ENTER = '\u001b[?1049h\u001b[H\u001b[2J';
const LEAVE = '\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J';
/** Where the terminal does not tell. */
const USUAL: Size = { lines: 24, columns: 80 };
/** Within this a new size of the window shows, and a signal is seen to. */
const LOOK_MS = 250;

/** Standard output is a terminal whose lines can be addressed. */
export const hasScreen = (): boolean => isTerminal(SCREEN) && !['dumb', ''].includes(process.env['TERM'] ?? '');

export interface Screen extends Disposable {
  size(): Size;
  /** Writes the lines that have changed. */
  draw(lines: readonly ScreenLine[]): void;
  /** All of them the next time. */
  forget(): void;
  /** The keys that were typed; none: `timeoutMs` is over, or the window has another size. undefined: the terminal is gone. */
  keys(timeoutMs: number): Promise<Key[] | undefined>;
  /** Stops the program as ^Z does, until the shell continues it. */
  suspend(): void;
}

export type Paint = (line: ScreenLine) => string;

/** Without `readsKeys` what is typed is left alone. */
export function openScreen(paint: Paint, { readsKeys }: { readsKeys: boolean }): Screen {
  const hasKeys = readsKeys && isTerminal(KEYBOARD);
  let giveBack: (() => void) | undefined;
  let drawn: string[] = [];
  let drawnFor = '';
  const enter = (): void => {
    giveBack = hasKeys ? makeRaw(KEYBOARD) : () => {};
    writeFully(SCREEN, Buffer.from(ENTER));
    drawn = [];
  };
  const leave = (): void => {
    if (!giveBack) return;
    attempt(() => writeFully(SCREEN, Buffer.from(LEAVE)));
    giveBack();
    giveBack = undefined;
  };
  const size = (): Size => {
    const window = windowSize(SCREEN);
    const [lines, columns] = window ? [window.readUInt16LE(0), window.readUInt16LE(2)] : [0, 0];
    return { lines: lines || USUAL.lines, columns: columns || USUAL.columns };
  };
  const sizeText = (): string => Object.values(size()).join(' ');
  enter();
  const release = restoreOnEnd(leave);
  return {
    size,
    draw(lines) {
      let text = '';
      // Lines of a window that had another size stand anywhere.
      if (drawnFor !== sizeText()) {
        drawnFor = sizeText();
        drawn = [];
      }
      if (drawn.length === 0) text = CLEAR;
      const shown = lines.map(paint);
      // What is as wide as the window would be continued in the next line: the place is said for each.
      for (let i = 0; i < Math.max(shown.length, drawn.length); i++) {
        if (shown[i] === drawn[i]) continue;
        text += `\u001b[${i + 1};1H${shown[i] ?? ''}${shown[i] === undefined ? '\u001b[K' : ''}`;
      }
      drawn = shown;
      writeFully(SCREEN, Buffer.from(`${text}\u001b[${MESSAGE_LINE + 1};1H`));
    },
    forget() {
      drawn = [];
    },
    async keys(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        // Signals and timers have their turn.
        await new Promise((resolve) => setImmediate(resolve));
        const left = Math.max(0, deadline - performance.now());
        const ready = waitFor([hasKeys ? { fd: KEYBOARD, read: true } : { fd: -1 }], Math.min(LOOK_MS, Math.ceil(left)));
        if (ready?.readable[0]) return readKeys();
        if (sizeText() !== drawnFor || left <= LOOK_MS) return [];
      }
    },
    suspend() {
      leave();
      process.kill(process.pid, 'SIGSTOP');
      enter();
    },
    [Symbol.dispose]() {
      release();
      leave();
    },
  };
}

function readKeys(): Key[] | undefined {
  const bytes = Buffer.alloc(1024);
  const length = attempt(() => fs.readSync(KEYBOARD, bytes));
  return length ? keysIn(bytes.toString('utf8', 0, length)) : undefined;
}

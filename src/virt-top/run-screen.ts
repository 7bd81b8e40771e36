// The screen in use: looks, draws, waits for keys, does what they say.
import process from 'node:process';
import { LibvirtError } from '../errors.ts';
import { writeAtomically } from '../store/atomic-write.ts';
import { fitted, shownText } from '../vsh/table.ts';
import type { Collector } from './collect.ts';
import { formatInitFile } from './init-file.ts';
import { type Action, actionOf, type Key, orderAfter } from './keys.ts';
import { helpPage, orderPage } from './pages.ts';
import { type ScreenLine, screenLines } from './screen.ts';
import { delayMs, type Settings, SORT_ORDERS, WrongSetting } from './settings.ts';
import type { Host, Slice } from './slice.ts';
import { openScreen, type Paint, type Screen } from './terminal.ts';
import { Ticks } from './ticks.ts';

/** A page stands until a key is typed; so often it is drawn anew. */
const PAGE_MS = 60_000;
/** So many figures of %CPU are kept. */
const HISTORY = 11;

export interface ScreenRun {
  settings: Settings;
  collector: Collector;
  version: string;
  onSlice(slice: Slice): void;
}

export async function runScreen(run: ScreenRun): Promise<void> {
  using screen = openScreen(await paint(), { readsKeys: !run.settings.batch });
  await new ScreenLoop(run, screen).run();
}

/** The screen of something that is none: all lines, as wide as they are. */
export function plainScreen(slice: Slice, settings: Settings, host: Host): string {
  const fitTo = (text: string, columns: number): string => (columns === Number.POSITIVE_INFINITY ? shownText(text) : fitted(text, columns));
  const lines = screenLines(
    { slice, host, settings, history: [], message: '' },
    { lines: Number.POSITIVE_INFINITY, columns: Number.POSITIVE_INFINITY },
    fitTo,
  );
  return `${lines.map(({ text }) => `${text.trimEnd()}\n`).join('')}\n`;
}

async function paint(): Promise<Paint> {
  const { Chalk, default: chalk } = await import('chalk');
  const painter = new Chalk({ level: process.env['NO_COLOR'] ? 0 : chalk.level });
  const styles = { heading: painter.inverse, bold: painter.bold } as const;
  return ({ text, style }: ScreenLine) => (style ? styles[style](text) : text);
}

class ScreenLoop {
  readonly #run: ScreenRun;
  readonly #screen: Screen;
  readonly #settings: Settings;
  #slice: Slice | undefined;
  #message = '';
  #history: number[] = [];
  #historyAtMs = Number.NEGATIVE_INFINITY;
  /** Typed, and not looked at yet. */
  readonly #typed: Key[] = [];

  constructor(run: ScreenRun, screen: Screen) {
    this.#run = run;
    this.#screen = screen;
    this.#settings = run.settings;
  }

  async run(): Promise<void> {
    for (const ticks = new Ticks(this.#settings); ; ) {
      await this.#look();
      const pauseMs = ticks.pauseMs(this.#slice!);
      if (pauseMs === undefined) return;
      if (!(await this.#wait(pauseMs)) || ticks.isOver) return;
    }
  }

  async #look(): Promise<void> {
    this.#slice = await this.#run.collector.look(this.#settings);
    this.#run.onSlice(this.#slice);
    const { atMs, cpuPercent } = this.#slice;
    if (atMs - this.#historyAtMs >= this.#settings.historyDelayMs) {
      // The first look has nothing to compare with.
      if (this.#historyAtMs !== Number.NEGATIVE_INFINITY) this.#history = [cpuPercent, ...this.#history].slice(0, HISTORY);
      this.#historyAtMs = atMs;
    }
    this.#draw();
  }

  #draw(): void {
    const parts = {
      slice: this.#slice!,
      host: this.#run.collector.host,
      settings: this.#settings,
      history: this.#history,
      message: this.#message,
    };
    this.#screen.draw(screenLines(parts, this.#screen.size(), fitted));
  }

  /** Until the next look. False: the program ends. */
  async #wait(pauseMs: number): Promise<boolean> {
    for (const deadline = performance.now() + pauseMs; ; ) {
      if (!(await this.#listen(deadline - performance.now()))) return false;
      for (let key = this.#typed.shift(); key !== undefined; key = this.#typed.shift()) {
        const next = await this.#press(key);
        if (next !== 'stay') return next === 'look';
      }
      if (performance.now() >= deadline) {
        this.#message = '';
        return true;
      }
      this.#draw();
    }
  }

  /** Waits for a key, unless there is one. False: the terminal is gone. */
  async #listen(timeoutMs: number): Promise<boolean> {
    if (this.#typed.length > 0) return true;
    const keys = await this.#screen.keys(Math.max(0, timeoutMs));
    if (keys) this.#typed.push(...keys);
    return keys !== undefined;
  }

  async #press(key: Key): Promise<'stay' | 'look' | 'end'> {
    this.#message = '';
    if (key === 'suspend') {
      this.#screen.suspend();
      return 'look';
    }
    const action: Action = actionOf(key, this.#settings);
    if (typeof action === 'object') {
      Object.assign(this.#settings, action.settings);
      // Another table may need what was not looked at.
      return action.settings.display === undefined ? 'stay' : 'look';
    }
    switch (action) {
      case 'quit':
        return 'end';
      case 'refresh':
        this.#screen.forget();
        return 'look';
      case 'help':
        return (await this.#help()) ? 'look' : 'end';
      case 'order':
        return (await this.#chooseOrder()) ? 'look' : 'end';
      case 'delay':
        return (await this.#changeDelay()) ? 'look' : 'end';
      case 'write':
        this.#message = this.#writeInitFile();
        return 'stay';
      case 'unknown':
        this.#message = "Unknown command - try 'h' for help";
        return 'stay';
      default:
        return action satisfies never;
    }
  }

  /** One key that is typed while a page stands there; undefined: the terminal is gone. */
  async #key(draw: () => void): Promise<Key | undefined> {
    while (this.#typed.length === 0) {
      draw();
      if (!(await this.#listen(PAGE_MS))) return undefined;
    }
    return this.#typed.shift();
  }

  async #help(): Promise<boolean> {
    const { settings, version, collector } = this.#run;
    const page = () => this.#screen.draw(helpPage({ settings, hostname: collector.host.name, version }, this.#screen.size(), fitted));
    return (await this.#key(page)) !== undefined;
  }

  async #chooseOrder(): Promise<boolean> {
    for (;;) {
      const key = await this.#key(() => this.#screen.draw(orderPage(this.#settings.sort, this.#screen.size(), fitted)));
      if (key === undefined) return false;
      const chosen = orderAfter(key, this.#settings.sort);
      if (!chosen) return true;
      this.#settings.sort = chosen.order;
      this.#message = `Sort order changed to: ${SORT_ORDERS[chosen.order].title}`;
      if (chosen.done) return true;
    }
  }

  async #changeDelay(): Promise<boolean> {
    const question = `Change delay from ${(this.#settings.delayMs / 1000).toFixed(1)} to: `;
    let typed = '';
    for (;;) {
      const key = await this.#key(() => {
        this.#message = question + typed;
        this.#draw();
      });
      if (key === undefined) return false;
      this.#message = '';
      if (key === 'escape' || key === 'interrupt') return true;
      if (key === 'backspace') typed = typed.slice(0, -1);
      else if (key.length === 1 && typed.length < 16) typed += key;
      if (key !== 'enter') continue;
      try {
        this.#settings.delayMs = delayMs(typed);
      } catch (error) {
        if (!(error instanceof WrongSetting)) throw error;
        this.#message = error.message;
      }
      return true;
    }
  }

  #writeInitFile(): string {
    const { initFile, keepsInitFile, secure } = this.#settings;
    if (initFile === undefined || keepsInitFile || secure) return 'The settings are not to be written';
    try {
      writeAtomically(initFile, formatInitFile(this.#settings, new Date()), { durable: false });
      return `Wrote settings to ${initFile}`;
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      return error.message;
    }
  }
}

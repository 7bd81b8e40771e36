// How often to look, and how long to wait in between. Pure.
import type { Settings } from './settings.ts';
import type { Slice } from './slice.ts';

export class Ticks {
  #left: number | undefined;
  readonly #endTimeMs: number | undefined;
  readonly #settings: Pick<Settings, 'delayMs'>;
  /** The end time comes before the next look would. */
  isOver = false;

  constructor(settings: Pick<Settings, 'iterations' | 'endTimeMs' | 'delayMs'>) {
    this.#left = settings.iterations;
    this.#endTimeMs = settings.endTimeMs;
    this.#settings = settings;
  }

  /** How long to wait after this look; undefined: it was the last one. */
  pauseMs({ time }: Pick<Slice, 'time'>): number | undefined {
    if (this.#left !== undefined && --this.#left <= 0) return undefined;
    const { delayMs } = this.#settings;
    const leftMs = this.#endTimeMs === undefined ? Number.POSITIVE_INFINITY : this.#endTimeMs - time.getTime();
    this.isOver = leftMs <= delayMs;
    return Math.max(0, Math.min(delayMs, leftMs));
  }
}

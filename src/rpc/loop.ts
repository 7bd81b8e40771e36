// One thread that waits for all descriptors of a connection at once: the client's, consoles', the spool's. Nothing else runs
// meanwhile, so that a connection that is idle costs no more than a process that sleeps.

import { EINTR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { systemError } from '../errors.ts';

export interface Watch extends Disposable {
  /** What is waited for (POLLIN, POLLOUT); 0: nothing but the other side's end. */
  events: number;
}

interface Watched extends Watch {
  readonly fd: number;
  readonly onReady: (revents: number) => void | Promise<void>;
}

/** A client that has more to ask does so sooner. */
const QUIET_MS = 300;

interface Timer {
  readonly at: number;
  readonly action: () => void | Promise<void>;
}

export class Loop {
  readonly #watches = new Set<Watched>();
  readonly #timers = new Set<Timer>();
  #stopped = false;
  #onQuiet: (() => void) | undefined;

  /** Has `onReady` called whenever one of `events` is there, until the watch is disposed of. The descriptor stays the caller's. */
  watch(fd: number, events: number, onReady: (revents: number) => void | Promise<void>): Watch {
    const watched: Watched = { fd, events, onReady, [Symbol.dispose]: () => void this.#watches.delete(watched) };
    this.#watches.add(watched);
    return watched;
  }

  /** Has `action` called once. */
  after(ms: number, action: () => void | Promise<void>): Disposable {
    const timer: Timer = { at: monotonicMs() + ms, action };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Has `action` called when nothing was to be done for a while, once after each time that something was. */
  whenQuiet(action: () => void): void {
    this.#onQuiet = action;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** How many watches there are. */
  get watched(): number {
    return this.#watches.size;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    let isQuiet = false;
    while (!this.#stopped) {
      const watches = [...this.#watches];
      const due = this.#timeout();
      const waitsQuietly: boolean = !isQuiet && this.#onQuiet !== undefined && (due < 0 || due > QUIET_MS);
      const ready = linux.poll(watches, waitsQuietly ? QUIET_MS : due);
      if (typeof ready === 'number') {
        if (ready === -EINTR) continue;
        throw systemError('poll failed', -ready);
      }
      isQuiet = waitsQuietly && ready.every((revents) => revents === 0);
      if (isQuiet) this.#onQuiet?.();
      for (const [i, watch] of watches.entries()) {
        const revents = ready[i]!;
        if (revents === 0 || this.#stopped || !this.#watches.has(watch)) continue;
        await watch.onReady(revents);
      }
      await this.#runTimers();
    }
  }

  #timeout(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const timer of this.#timers) at = Math.min(at, timer.at);
    return at === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(at - monotonicMs()));
  }

  async #runTimers(): Promise<void> {
    if (this.#timers.size === 0) return;
    const now = monotonicMs();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || this.#stopped || !this.#timers.delete(timer)) continue;
      await timer.action();
    }
  }
}

// start --foreground and create --foreground: as a service manager wants a program to be.

import process from 'node:process';
import type { DomainRef } from '../../../domain/ref.ts';
import type { ConsoleStream } from '../../../driver/domain/console.ts';
import { errnoCode, failureIn, failureInSync } from '../../../errors.ts';
import { writeFully } from '../../../vsh/output.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import type { CommandContext } from '../../command.ts';
import { readSome } from '../../console-relay.ts';
import type { Begin } from './begin.ts';

/** A signal that comes just before the wait is seen to after it. */
const SIGNAL_DELAY_MS = 1000;
/** How long a signal waits at most while there is output without end. */
const SIGNAL_PERIOD_MS = 100;
const OUTPUT = 1;

const WISHES: ReadonlyMap<NodeJS.Signals, 'stop' | 'reboot'> = new Map([
  ['SIGTERM', 'stop'],
  ['SIGINT', 'stop'],
  ['SIGHUP', 'reboot'],
]);

/**
 * Starts a domain by `begin` and stays until it is off. SIGTERM and SIGINT shut it down; it is destroyed after `stopTimeoutMs`, at a
 * second one, or where its init does not listen. SIGHUP reboots it. Exits as the container did.
 */
export async function runInForeground(context: CommandContext, begin: Begin, stopTimeoutMs: number): Promise<void> {
  const wishes: ('stop' | 'reboot')[] = [];
  const onSignal = (signal: NodeJS.Signals) => void wishes.push(WISHES.get(signal)!);
  for (const signal of WISHES.keys()) process.on(signal, onSignal);
  const { Attendance } = await import('../../../driver/domain/attendance.ts');
  using attendance = new Attendance();
  const { waitFor } = await import('../../../host/wait.ts');
  const relay = new ConsoleOutput(waitFor, isTerminal(OUTPUT) ? undefined : await import('../../../driver/domain/console.ts'));
  try {
    const domain = await begin({ onSetUp: (live) => relay.take(live) });
    const { notifyServiceManager } = await import('../../../host/service-manager.ts');
    notifyServiceManager(`READY=1\nSTATUS=Domain ${domain.name} runs`);
    const stop = new Stop(context, domain, stopTimeoutMs);
    for (let endFd = attendance.nextRun(domain); endFd !== undefined; endFd = attendance.nextRun(domain)) {
      relay.open(context, domain);
      while (!(await relay.pass(endFd))) {
        for (let wish = wishes.shift(); wish; wish = wishes.shift()) {
          if (wish === 'stop') notifyServiceManager('STOPPING=1');
          await stop.obey(wish);
        }
        await stop.insist();
      }
      relay.close();
    }
    relay.showTaken();
    context.exitWith(attendance.exitStatus(domain));
  } finally {
    relay.close();
    for (const signal of WISHES.keys()) process.off(signal, onSignal);
  }
}

/** What this process's signals ask of the domain. */
class Stop {
  private readonly context: CommandContext;
  private readonly domain: DomainRef;
  private readonly timeoutMs: number;
  private deadline: number | undefined;

  constructor(context: CommandContext, domain: DomainRef, timeoutMs: number) {
    this.context = context;
    this.domain = domain;
    this.timeoutMs = timeoutMs;
  }

  async obey(wish: 'stop' | 'reboot'): Promise<void> {
    const { connection } = this.context;
    if (wish === 'reboot') {
      const { rebootDomain } = await import('../../../driver/domain/reboot.ts');
      await this.attempt(() => rebootDomain(connection, this.domain, [], this.context.onWarning));
      return;
    }
    if (this.deadline !== undefined) {
      this.deadline = 0;
      return;
    }
    this.deadline = performance.now() + this.timeoutMs;
    const { shutdownDomain } = await import('../../../driver/domain/stop.ts');
    // It is warned that init does not listen: then there is nothing to wait for.
    const onWarning = () => {
      this.deadline = 0;
    };
    await this.attempt(() => shutdownDomain(connection, this.domain, { modes: [], onWarning }));
  }

  /** Destroys what has not shut down in time. */
  async insist(): Promise<void> {
    if (this.deadline === undefined || performance.now() < this.deadline) return;
    this.deadline = Number.POSITIVE_INFINITY;
    const { destroyDomain } = await import('../../../driver/domain/stop.ts');
    await this.attempt(() => destroyDomain(this.context.connection, this.domain, {}));
  }

  /** One that has ended meanwhile is no failure. */
  private async attempt(action: () => Promise<void>): Promise<void> {
    const failure = await failureIn(action);
    if (failure && failure.code !== 'OPERATION_INVALID') this.context.error(failure.message.trim());
  }
}

type Consoles = typeof import('../../../driver/domain/console.ts');
type WaitFor = typeof import('../../../host/wait.ts').waitFor;

/** The first console, of each run, on standard output. */
class ConsoleOutput {
  private readonly consoles: Consoles | undefined;
  private readonly wait: WaitFor;
  private taken: ConsoleStream | undefined;
  private stream: ConsoleStream | undefined;
  /** What is read of it. */
  private fds: number[] = [];
  private readonly buffer = Buffer.allocUnsafe(64 * 1024);
  private signalsDue = 0;
  /** False: nobody reads any more. */
  private isRead = true;

  /** `consoles`: undefined, if nothing is to be shown. */
  constructor(wait: WaitFor, consoles: Consoles | undefined) {
    this.wait = wait;
    this.consoles = consoles;
  }

  /** Before init runs: nothing is lost of one that ends at once. */
  readonly take: NonNullable<Parameters<Begin>[0]['onSetUp']> = (live) => {
    const { consoles } = this;
    if (consoles && live.devices.consoles.length > 0) failureInSync(() => (this.taken = consoles.takeConsole(consoles.firstConsole(live))));
  };

  /** That of a run that begins. */
  open(context: CommandContext, domain: DomainRef): void {
    const { consoles } = this;
    this.stream = this.taken;
    this.taken = undefined;
    this.stream?.show();
    // A domain without a console has none to be found.
    if (consoles && !this.stream)
      failureInSync(() => (this.stream = consoles.openConsole(consoles.findConsole(context.connection, domain, undefined, {}))));
    this.read(this.stream);
  }

  /** What a run wrote that was over before anybody could wait for its end. */
  showTaken(): void {
    this.read(this.taken);
    for (const fd of this.fds) while (this.show(fd));
  }

  /** Waits for a while, and shows what comes. True at the end of the run: all has been shown then. */
  async pass(endFd: number): Promise<boolean> {
    const ready = this.wait([{ fd: endFd, read: true }, ...this.fds.map((fd) => ({ fd, read: true }))], SIGNAL_DELAY_MS);
    const isOver = ready?.readable[0] === true;
    for (const fd of this.fds) while (this.show(fd) && isOver);
    if (!ready || performance.now() > this.signalsDue) {
      await new Promise(setImmediate);
      this.signalsDue = performance.now() + SIGNAL_PERIOD_MS;
    }
    return isOver;
  }

  close(): void {
    for (const stream of [this.taken, this.stream]) stream?.[Symbol.dispose]();
    this.taken = undefined;
    this.stream = undefined;
    this.fds = [];
  }

  private read({ heldFd, fd }: Partial<ConsoleStream> = {}): void {
    this.fds = [heldFd, fd].filter((open) => open !== undefined);
  }

  /** False where there is nothing to be read. One that is closed at the other side is asked no more. */
  private show(fd: number): boolean {
    const length = readSome(fd, this.buffer);
    if (length === 0) this.fds = this.fds.filter((open) => open !== fd);
    if (!length) return false;
    if (!this.isRead) return true;
    try {
      writeFully(OUTPUT, this.buffer.subarray(0, length));
    } catch (error) {
      if (errnoCode(error) !== 'EPIPE') throw error;
      this.isRead = false; // that is no reason for the container to end
    }
    return true;
  }
}

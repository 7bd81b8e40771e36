// Staying with a domain from its start to its end, through all its reboots.
import { SIGHUP, SIGINT } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { exitCode, termSignal } from '../../../lib-native/wait-status.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { paths } from '../../store/paths.ts';
import { type DomainEvent, SpoolReader } from '../events.ts';

/** Where it is not init that ended: as if SIGKILL had ended it, which it did. */
const DESTROYED = 137;
const FAILED = 1;

/** To be made before the start: what happens from then on is seen. */
export class Attendance implements Disposable {
  readonly #events = new SpoolReader<DomainEvent>(paths.events);
  #controller = -1;

  /** A descriptor that can be read as soon as the controller of the run that is now has gone; undefined: the domain is off. */
  nextRun({ name }: DomainRef): number | undefined {
    this.#close();
    // Between two runs somebody has the lock: the controller's on-exit, or the command that reboots it.
    using _lock = lockDomain(name);
    const status = liveStatus(name);
    if (!status) return undefined;
    this.#controller = linux.pidfdOpen(status.controller.pid);
    return this.#controller < 0 ? undefined : this.#controller;
  }

  /** How the domain ended, as a shell would count it. An init that shut the container down exits with 0. */
  exitStatus({ uuid }: DomainRef): number {
    const end = [...this.#events.read()].filter((event) => event.uuid === uuid && event.kind === 'Stopped').at(-1);
    if (end?.waitStatus !== undefined) return statusOf(end.waitStatus);
    return end?.detail === 'Destroyed' ? DESTROYED : FAILED;
  }

  [Symbol.dispose](): void {
    this.#close();
    this.#events.close();
  }

  #close(): void {
    if (this.#controller >= 0) linux.close(this.#controller);
    this.#controller = -1;
  }
}

/** reboot(2) in a container ends its init by one of the two (pid_namespaces(7)). */
function statusOf(waitStatus: number): number {
  const signal = termSignal(waitStatus);
  if (signal === SIGHUP || signal === SIGINT) return 0;
  return signal ? 128 + signal : exitCode(waitStatus);
}

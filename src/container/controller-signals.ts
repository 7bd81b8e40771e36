// What a running controller is told: real-time signals. The other end is lib-native/controller/main.c.
import { linux } from '../../lib-native/linux.ts';
import { STAND_DOWN_SIGNAL, STAND_UP_SIGNAL, STILL_RUNNING } from '../../lib-native/protocol.ts';
import { readable } from '../../lib-native/readable.ts';
import { systemError } from '../errors.ts';

/** A controller that does not answer for so long is stopped, or is in on-exit already. */
const ANSWER_TIMEOUT_MS = 200;
const WAIT_STATUS_BYTES = 4;

/**
 * Takes what follows the end of a running container upon the caller, who holds the domain's lock, while init may end. If the caller
 * dies before the end the controller notices, and sees to that itself.
 */
export class EndReport implements Disposable {
  readonly #controllerPid: number;
  readonly #ours: number;
  readonly #theirs: number;

  constructor(controllerPid: number) {
    const pair = linux.socketpair();
    if (typeof pair === 'number') throw systemError('socketpair failed', -pair);
    this.#controllerPid = controllerPid;
    [this.#ours, this.#theirs] = pair;
    linux.sigqueue(controllerPid, STAND_DOWN_SIGNAL, this.#theirs);
  }

  /** The wait status of init, or what on-exit gets in its place. undefined: it has not ended in time, and from now on that is the controller's again. */
  wait(timeoutMs: number): number | undefined {
    if (!readable(this.#ours, timeoutMs)) linux.sigqueue(this.#controllerPid, STAND_UP_SIGNAL, 0);
    if (!readable(this.#ours, ANSWER_TIMEOUT_MS)) return undefined;
    const answer = Buffer.alloc(WAIT_STATUS_BYTES);
    if (linux.recv(this.#ours, answer, 0) !== WAIT_STATUS_BYTES) return undefined;
    const status = answer.readInt32LE();
    return status === STILL_RUNNING ? undefined : status;
  }

  [Symbol.dispose](): void {
    linux.close(this.#ours);
    linux.close(this.#theirs);
  }
}

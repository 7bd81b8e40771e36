import { MSG_NOSIGNAL, SIGKILL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { readable } from '../../lib-native/readable.ts';
import { controllerFile } from '../../lib-native/runtime.ts';
import { exitCode, termSignal } from '../../lib-native/wait-status.ts';
import { libvirtError, systemError } from '../errors.ts';

/** As long as nobody works against it, an errand takes milliseconds. */
const TIMEOUT_MS = 1000;
/** How soon one that waits for nothing dies of SIGKILL. */
const KILL_MS = 100;

export interface Errand {
  /** Words as controller/errand.c lists them; a Descriptor becomes its number in the child. */
  words: readonly (string | number | Descriptor)[];
  /** Its standard input. */
  input?: Buffer;
  /** How long it may take once it has said something, if not only as long as before: the container has no more part in it then. */
  finishMs?: number;
}

/** A descriptor of ours that the child is to have. */
export interface Descriptor {
  fd: number;
}

export interface ErrandEnd {
  /** 0: done. */
  errno: number;
  /** Its standard output. */
  output: Buffer;
}

/** Sends a child. undefined: it did not come back in time and was given up; it dies as soon as the container lets it. */
export function runErrand({ words, input, finishMs }: Errand, timeoutMs = TIMEOUT_MS): ErrandEnd | undefined {
  const pair = linux.socketpair();
  if (typeof pair === 'number') throw systemError('socketpair failed', -pair);
  const [ours, theirs] = pair;
  const fds: (number | null)[] = [theirs, theirs, null];
  const argv = words.map((word) => (typeof word === 'object' ? String(fds.push(word.fd) - 1) : String(word)));
  const pid = linux.spawn({ path: controllerFile, argv: ['libvirt_lxc', '--errand', ...argv], env: [], fds, newSession: true });
  linux.close(theirs);
  try {
    if (pid < 0) throw libvirtError('INTERNAL_ERROR', `cannot execute binary ${controllerFile}`);
    if (input) linux.send(ours, input, MSG_NOSIGNAL);
    return waitFor(pid, ours, { timeoutMs, finishMs });
  } finally {
    linux.close(ours);
  }
}

interface Patience {
  timeoutMs: number;
  finishMs: number | undefined;
}

function waitFor(pid: number, ours: number, { timeoutMs, finishMs }: Patience): ErrandEnd | undefined {
  let deadline = monotonicMs() + timeoutMs;
  const left = (): number => Math.max(0, deadline - monotonicMs());
  const said = (): void => {
    if (finishMs !== undefined) deadline = monotonicMs() + finishMs;
  };
  const pidfd = linux.pidfdOpen(pid);
  try {
    const output = receive(ours, left, said);
    if (output && readable(pidfd, left())) return { errno: exitStatus(pid), output };
    linux.pidfdSendSignal(pidfd, SIGKILL);
    if (readable(pidfd, KILL_MS)) linux.waitpid(pid, 0);
    return undefined;
  } finally {
    linux.close(pidfd);
  }
}

/** Until the child ends; undefined: not in time. */
function receive(ours: number, left: () => number, said: () => void): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (;;) {
    if (!readable(ours, left())) return undefined;
    const chunk = Buffer.alloc(65536);
    const got = linux.recv(ours, chunk, 0);
    if (got <= 0) return Buffer.concat(chunks);
    said();
    chunks.push(chunk.subarray(0, got));
  }
}

function exitStatus(pid: number): number {
  const ended = linux.waitpid(pid, 0);
  const status = typeof ended === 'number' ? -1 : ended[1];
  if (status < 0 || termSignal(status) !== 0) throw libvirtError('INTERNAL_ERROR', 'unexpected exit of the controller');
  return exitCode(status);
}

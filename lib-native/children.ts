// Children that nobody waits for: controllers, which outlive the command that starts them. In a process that lives long they are to be
// taken note of when they end, or each stays in the table of processes as long as it does.
import { WNOHANG } from './constants.ts';
import { linux } from './linux.ts';

const left = new Set<number>();
let onLeft: ((pid: number) => void) | undefined;

/** From now on `pid`, a child of ours, is nobody's to wait for. */
export function leaveChild(pid: number): void {
  reapChildren();
  left.add(pid);
  onLeft?.(pid);
}

/** Has `watch` told of every child that is left from now on: who waits for its end calls reapChildren() then. */
export function whenChildLeft(watch: (pid: number) => void): void {
  onLeft = watch;
}

/** Takes note of those that have ended; waits for none. */
export function reapChildren(): void {
  for (const pid of left) {
    const waited = linux.waitpid(pid, WNOHANG);
    const runs = Array.isArray(waited) && waited[0] === 0;
    if (!runs) left.delete(pid);
  }
}

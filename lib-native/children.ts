// Children that nobody waits for: controllers, which outlive the command that starts them. In a process that lives long they are to be
// taken note of when they end, or each stays in the table of processes as long as it does.
import { WNOHANG } from './constants.ts';
import { linux } from './linux.ts';

const left = new Set<number>();

/** From now on `pid`, a child of ours, is nobody's to wait for. */
export function leaveChild(pid: number): void {
  reapChildren();
  left.add(pid);
}

/** Takes note of those that have ended; waits for none. To be called by a process of many starts now and then: when it hears SIGCHLD, say. */
export function reapChildren(): void {
  for (const pid of left) {
    const waited = linux.waitpid(pid, WNOHANG);
    const runs = Array.isArray(waited) && waited[0] === 0;
    if (!runs) left.delete(pid);
  }
}

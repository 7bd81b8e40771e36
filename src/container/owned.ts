// Containers that end with whoever had them started: their controllers' options.
import { wordsOf } from '../host/programs.ts';

/** With the other side of its control socket. */
export const AUTODESTROY = '--autodestroy';
/** Of one that was started again: with that of the descriptor that follows. */
export const OWNER = '--owner';

/** Only their controller knows with whom. */
export function isOwned(controllerPid: number): boolean {
  const words = wordsOf(controllerPid);
  return words.includes(AUTODESTROY) || words.includes(OWNER);
}

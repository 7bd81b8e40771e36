// The names of signals (signal(7)), whose places are their numbers.

/** In lower case, without SIG; 0 is none. From FIRST_REAL_TIME on they have numbers only. */
export const SIGNAL_NAMES: readonly string[] =
  'nop hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop tstp ttin ttou urg xcpu xfsz vtalrm prof winch poll pwr sys'.split(
    ' ',
  );
export const FIRST_REAL_TIME = 32;
/** As the C library counts: it keeps the first two for itself. */
export const SIGRTMIN = 34;

/** `SIGTERM`, `SIGRTMIN+4`. */
export function signalName(signal: number): string {
  const name = SIGNAL_NAMES[signal];
  return name !== undefined ? `SIG${name.toUpperCase()}` : `SIGRTMIN${signal === SIGRTMIN ? '' : `+${signal - SIGRTMIN}`}`;
}

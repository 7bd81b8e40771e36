// May init hold the console as the controlling terminal of its session (credentials(7))? A shell then has job control, and ^C ends
// what runs.
import type { DomainOs } from '../domain/definition.ts';
import { initSystemOf, isScript, isShellScript } from './init-system.ts';

/**
 * Not an init system, nor a script, which may well be one that somebody wrote: it is not to end by a ^C, and the terminal belongs
 * to the gettys that it starts. `root`: a descriptor of the container's root.
 */
export function mayHoldTerminal(os: DomainOs, root: number): boolean {
  return !isShellScript(os) && initSystemOf(os, root) === undefined && !isScript(root, os);
}

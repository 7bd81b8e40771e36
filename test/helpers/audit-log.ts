// The audit records in a domain's log (audit_logging of lxc.conf).
import { expect } from 'vitest';
import type { Virsh } from './virsh.ts';

/** lxc.conf: records in the domain's log, and only there. */
export const LOGGED = 'audit_level = 0\naudit_logging = 1\n';

/** The records in the domain's log. */
export const logged = (virsh: Virsh, name: string): string[] =>
  virsh
    .log(name)
    .split('\n')
    .flatMap((line) => /: audit: success=(.*)$/.exec(line)?.[1] ?? []);

/** `start booted`, `stop destroyed` … of the records, in order; of a start that failed nothing. */
export const lifeOf = (records: readonly string[]): string[] =>
  records.flatMap((text) => /^yes virt=lxc op=(start|stop) reason=(\w+)/.exec(text)?.slice(1).join(' ') ?? []);

/** No start follows another without a stop between them, nor is the last one. */
export function expectPaired(life: readonly string[]): void {
  const starts = life.flatMap((one, i) => (one.startsWith('start ') ? [i] : []));
  expect(starts.map((i) => [i, life[i + 1]?.split(' ')[0], life])).toEqual(starts.map((i) => [i, 'stop', life]));
}

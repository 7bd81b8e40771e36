import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const MOST_MS = 10;
/** The kernel counts in ticks, for which one command is too short. */
const RUNS = 40;
const TICK_MS = 10;

suite('--xpath', ['root', 'built', 'busybox'], () => {
  const virsh = useVirsh();

  /** Processor time of all children of this process so far (proc_pid_stat(5), fields 16 and 17). */
  const childrenMs = (): number => {
    const fields = fs
      .readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  };
  const costMs = (...command: string[]): number => {
    const before = childrenMs();
    for (let i = 0; i < RUNS; i++) expect(spawnSync(virsh.command, command, { env: virsh.env }).status).toBe(0);
    return (childrenMs() - before) / RUNS;
  };

  it(`costs at most ${MOST_MS} ms of processor time more than the document alone`, () => {
    const name = virsh.define();
    const plain = costMs('dumpxml', name);
    const selected = costMs('dumpxml', name, '--xpath', '//devices/console');
    expect(plain).toBeGreaterThan(1);
    expect(selected - plain).toBeLessThan(MOST_MS * SLOWNESS);
  });
});

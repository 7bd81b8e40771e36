// What commands cost in processor time, which grows with what else runs on a machine.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { SLOWNESS } from '../helpers/eventually.ts';
import { childrenMs, leastCostMs, manyDomains } from '../helpers/many-domains.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Of `domstats`. */
const STATS_MS = 150;
/** Of one CPU, at an interval of three seconds: virt-top. */
const TOP_PERCENT = 2;
const VIRT_TOP = path.join(ROOT, 'dist/virt-top');
/** More than without `--xpath`. */
const XPATH_MS = 10;
/** The kernel counts in ticks, for which one command is too short. */
const RUNS = 40;

suite('domstats, its cost', ['root', 'built', 'busybox', 'fuse', 'real_processor'], () => {
  const virsh = useVirsh();

  it(`of 1000 running domains cost at most ${STATS_MS} ms of processor time`, () => {
    const name = virsh.boot();
    using many = manyDomains(virsh, name, 999);
    expect(virsh.ok('domstats').match(/^ {2}cpu.time=/gm)).toHaveLength(many.names.length + 1);
    expect(leastCostMs(virsh, 8, 'domstats')).toBeLessThanOrEqual(STATS_MS);
  }, 60_000);
});

suite('virt-top, its cost', ['root', 'built', 'busybox', 'fuse', 'real_processor'], () => {
  const virsh = useVirsh();

  it(`of 200 containers costs at most ${TOP_PERCENT} % of a CPU`, () => {
    const name = virsh.boot({ devices: "<interface type='ethernet'/>" });
    using _many = manyDomains(virsh, name, 199);
    const costMs = (looks: number): number =>
      leastCostMs({ command: VIRT_TOP, env: virsh.env }, 3, '--stream', '-d', '0.01', '-n', String(looks), '--no-init-file');
    const each = (costMs(21) - costMs(1)) / 20;
    expect(each).toBeGreaterThan(1);
    expect(each).toBeLessThanOrEqual((3000 * TOP_PERCENT) / 100);
  }, 120_000);
});

suite('--xpath', ['root', 'built', 'busybox'], () => {
  const virsh = useVirsh();

  const costMs = (...command: string[]): number => {
    const before = childrenMs();
    for (let i = 0; i < RUNS; i++) expect(spawnSync(virsh.command, command, { env: virsh.env }).status).toBe(0);
    return (childrenMs() - before) / RUNS;
  };

  it(`costs at most ${XPATH_MS} ms of processor time more than the document alone`, () => {
    const name = virsh.define();
    const plain = costMs('dumpxml', name);
    const selected = costMs('dumpxml', name, '--xpath', '//devices/console');
    expect(plain).toBeGreaterThan(1);
    expect(selected - plain).toBeLessThan(XPATH_MS * SLOWNESS);
  });
});

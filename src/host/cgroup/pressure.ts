// How long the processes of a cgroup waited for what others had: pressure stall information (accounting/psi.rst). A cgroup has it in
// the unified hierarchy only, on a hybrid host too.
import type { DomainCgroup } from './cgroup.ts';

export const PRESSURES = ['cpu', 'memory', 'io'] as const;
export type PressureKind = (typeof PRESSURES)[number];

export interface Stall {
  /** Per cent of the last ten seconds. */
  avg10: number;
  totalUs: bigint;
}

/** Some of the processes waited, or all that had anything to do. */
export interface Pressure {
  some: Stall;
  full?: Stall;
}

/** undefined where the kernel keeps none. */
export function pressureOf(cgroup: DomainCgroup, kind: PressureKind): Pressure | undefined {
  const text = cgroup.unifiedText(`${kind}.pressure`);
  return text === undefined ? undefined : pressureIn(text);
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and a line that begins with `full`. */
export function pressureIn(text: string): Pressure | undefined {
  const some = stallIn(text, 'some');
  const full = stallIn(text, 'full');
  return some && { some, ...(full && { full }) };
}

const LINES = {
  some: /^some avg10=([\d.]+) .*total=(\d+)$/m,
  full: /^full avg10=([\d.]+) .*total=(\d+)$/m,
} as const;

function stallIn(text: string, part: keyof typeof LINES): Stall | undefined {
  const line = LINES[part].exec(text);
  return line ? { avg10: Number(line[1]), totalUs: BigInt(line[2]!) } : undefined;
}

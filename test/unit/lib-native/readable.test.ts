import { describe, expect, it } from 'vitest';
import { EINTR, POLLIN } from '../../../lib-native/constants.ts';
import { readable } from '../../../lib-native/readable.ts';

/** Answers its calls in turn; keeps the time-outs that it was asked for. */
function answering(...answers: (number | number[])[]) {
  const timeouts: number[] = [];
  return { timeouts, poll: (_: unknown, timeoutMs: number) => timeouts.push(timeoutMs) && answers.shift()! };
}

describe('readable()', () => {
  it('is not put off by signals', () => {
    const sys = answering(-EINTR, -EINTR, [POLLIN]);
    expect(readable(3, 10_000, sys)).toBe(true);
    expect(sys.timeouts).toHaveLength(3);
    for (const left of sys.timeouts) expect(left).toBeGreaterThan(5000);
  });
  it('waits for ever through signals', () => {
    const sys = answering(-EINTR, [POLLIN]);
    expect(readable(3, -1, sys)).toBe(true);
    expect(sys.timeouts).toEqual([-1, -1]);
  });
  it('is false in the end, and where the descriptor cannot be asked', () => {
    expect(readable(3, 0, answering(-EINTR, [0]))).toBe(false);
    expect(readable(3, 10, answering(-9))).toBe(false);
  });
});

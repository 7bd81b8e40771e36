// The clock for durations: nobody sets it.
import process from 'node:process';

/** Whole milliseconds of CLOCK_MONOTONIC. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + Math.trunc(nanoseconds / 1e6);
}

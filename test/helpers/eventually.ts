// Waiting for something instead of sleeping.
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

/** Virtual machines without hardware help are many times slower. */
export const SLOWNESS = process.env['VMRIG'] ? 8 : 1;

/**
 * Gives what `check` gives as soon as it gives something true and throws nothing. After `timeoutMs` its last exception is thrown:
 * by then nobody waits for it any more, however busy the machine is.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 20_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs * SLOWNESS;
  for (;;) {
    let failure: unknown;
    const begun = performance.now();
    try {
      const result = await check();
      if (result) return result;
      failure = new Error(`still ${JSON.stringify(result)} after ${timeoutMs * SLOWNESS} ms: ${check}`);
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw failure;
    // Whoever is waited for needs a processor, too.
    await setTimeout(Math.min(50, Math.max(5, performance.now() - begun)));
  }
}

// What procedures are called with, at random, but of the right types: whatever reads a value is given one, and it is written down.
import { XdrReader, XdrWriter } from '../../src/rpc/xdr.ts';

/** Less than `below`. */
export type Random = (below: number) => number;

/** xorshift: the same numbers each time. */
export function randomNumbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const WORDS32 = [0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 255, 4096, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const WORDS64 = [0n, 1n, 2n, 4096n, 65536n, 2n ** 20n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

export interface Choice {
  readonly random: Random;
  /** What a text may be. */
  readonly texts: readonly string[];
  readonly uuids: readonly Buffer[];
}

/** Reads what it makes up. */
export class RandomReader extends XdrReader {
  readonly written = new XdrWriter();
  readonly #choice: Choice;
  #text: Buffer | undefined;

  constructor(choice: Choice) {
    super(Buffer.alloc(0));
    this.#choice = choice;
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#choice.random(of.length)]!;
  }

  override get left(): number {
    return Number.POSITIVE_INFINITY;
  }

  override uint(): number {
    // Most flags, kinds and numbers are small, or nothing works.
    const value = this.#choice.random(3) > 0 ? this.#choice.random(5) : this.#one(WORDS32);
    this.written.uint(value);
    return value;
  }

  override int(): number {
    return this.uint() | 0;
  }

  override hyper(): bigint {
    return BigInt.asIntN(64, this.uhyper());
  }

  override uhyper(): bigint {
    const value = this.#one(WORDS64);
    this.written.uhyper(value);
    return value;
  }

  override double(): number {
    const value = this.#one([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e308]);
    this.written.double(value);
    return value;
  }

  override count(most: number, each: number): number {
    if (each === 1) {
      this.#text = Buffer.from(this.#one(this.#choice.texts)).subarray(0, most);
      this.written.uint(this.#text.length);
      return this.#text.length;
    }
    const count = Math.min(most, this.#choice.random(4));
    this.written.uint(count);
    return count;
  }

  override opaque(length: number): Buffer {
    const bytes = this.#text ?? (length === 16 ? this.#one(this.#choice.uuids) : Buffer.alloc(length, this.#choice.random(256)));
    this.#text = undefined;
    this.written.opaque(bytes);
    return bytes;
  }
}

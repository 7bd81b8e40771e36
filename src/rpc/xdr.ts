// XDR (RFC 4506), as libvirt's protocol has it: each type is written down once, and reads and writes itself. Pure.

/** Bytes that are not what their procedure says. */
export class XdrError extends Error {}

/** Reads from untrusted bytes: nothing is made that is larger than they are. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }
  int(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }
  uint(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }
  hyper(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }
  uhyper(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }
  double(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }
  /** A view of the bytes, not a copy. */
  opaque(length: number): Buffer {
    const start = this.#advance(padded(length));
    return this.#bytes.subarray(start, start + length);
  }
  /** A length, which is at most `most`, and of things that take at least `each` bytes. */
  count(most: number, each: number): number {
    const count = this.uint();
    if (count > most || count * each > this.left) throw new XdrError(`${count} is too many`);
    return count;
  }

  #advance(length: number): number {
    if (length > this.left) throw new XdrError('too short');
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

export class XdrWriter {
  #bytes: Buffer;
  #at: number;

  /** `room`: bytes left free in front, for a header. */
  constructor(room = 0) {
    this.#bytes = Buffer.allocUnsafe(room + 256);
    this.#at = room;
  }

  /** All that was written, and the room in front of it. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }
  int(value: number): void {
    const at = this.#advance(4);
    this.#bytes.writeInt32BE(value, at);
  }
  uint(value: number): void {
    const at = this.#advance(4);
    this.#bytes.writeUInt32BE(value, at);
  }
  hyper(value: bigint): void {
    const at = this.#advance(8);
    this.#bytes.writeBigInt64BE(BigInt.asIntN(64, value), at);
  }
  uhyper(value: bigint): void {
    const at = this.#advance(8);
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), at);
  }
  double(value: number): void {
    const at = this.#advance(8);
    this.#bytes.writeDoubleBE(value, at);
  }
  opaque(value: Uint8Array): void {
    const start = this.#advance(padded(value.length));
    this.#bytes.set(value, start);
    this.#bytes.fill(0, start + value.length, this.#at);
  }
  /** Bytes that are no value of a type: nothing makes them up to four. */
  raw(value: Uint8Array): void {
    const start = this.#advance(value.length);
    this.#bytes.set(value, start);
  }
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.uint(length);
    const start = this.#advance(padded(length));
    this.#bytes.write(value, start, length);
    this.#bytes.fill(0, start + length, this.#at);
  }

  #advance(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }
}

const padded = (length: number): number => (length + 3) & ~3;

export interface Type<T> {
  read(from: XdrReader): T;
  write(to: XdrWriter, value: T): void;
  /** The fewest bytes that a value takes. */
  readonly least: number;
}

/** Whatever its values are. */
// biome-ignore lint/suspicious/noExplicitAny: a type both reads and writes its values, so that nothing else stands for all of them
export type AnyType = Type<any>;

export type ValueOf<X> = X extends Type<infer T> ? T : never;

export const int: Type<number> = { least: 4, read: (from) => from.int(), write: (to, value) => to.int(value) };
export const uint: Type<number> = { least: 4, read: (from) => from.uint(), write: (to, value) => to.uint(value) };
export const hyper: Type<bigint> = { least: 8, read: (from) => from.hyper(), write: (to, value) => to.hyper(value) };
export const uhyper: Type<bigint> = { least: 8, read: (from) => from.uhyper(), write: (to, value) => to.uhyper(value) };
export const double: Type<number> = { least: 8, read: (from) => from.double(), write: (to, value) => to.double(value) };
/** A number by which libvirt says yes or no. */
export const flag: Type<boolean> = { least: 4, read: (from) => from.int() !== 0, write: (to, value) => to.int(value ? 1 : 0) };

/** Bytes, so many that their number is not said. */
export const fixed = (length: number): Type<Uint8Array> => ({
  least: padded(length),
  read: (from) => from.opaque(length),
  write: (to, value) => to.opaque(value.subarray(0, length)),
});

export const bytes = (most: number): Type<Uint8Array> => ({
  least: 4,
  read: (from) => from.opaque(from.count(most, 1)),
  write: (to, value) => {
    to.uint(value.length);
    to.opaque(value);
  },
});

/** The longest text that libvirt sends or takes. */
export const STRING_MAX = 4 << 20;

/** To libvirt, which is C, a text ends at its first NUL. */
export const string: Type<string> = {
  least: 4,
  read: (from) => {
    const text = from.opaque(from.count(STRING_MAX, 1)).toString('utf8');
    const end = text.indexOf('\0');
    return end < 0 ? text : text.slice(0, end);
  },
  write: (to, value) => {
    if (value.length > STRING_MAX) throw new XdrError('a text is too long');
    to.text(value);
  },
};

/** A document, whose own first line says how its bytes are to be read. */
export const document = bytes(STRING_MAX);

export const optional = <T>(type: Type<T>): Type<T | undefined> => ({
  least: 4,
  read: (from) => (from.uint() === 0 ? undefined : type.read(from)),
  write: (to, value) => {
    to.uint(value === undefined ? 0 : 1);
    if (value !== undefined) type.write(to, value);
  },
});

export const array = <T>(type: Type<T>, most: number): Type<readonly T[]> => ({
  least: 4,
  read: (from) => {
    const values: T[] = [];
    for (let left = from.count(most, type.least); left > 0; left--) values.push(type.read(from));
    return values;
  },
  write: (to, values) => {
    if (values.length > most) throw new XdrError(`${values.length} are too many`);
    to.uint(values.length);
    for (const value of values) type.write(to, value);
  },
});

type Struct<F> = { [Name in keyof F]: ValueOf<F[Name]> };

/** One field after the other. */
export function struct<const F extends Readonly<Record<string, AnyType>>>(fields: F): Type<Struct<F>> {
  const all = Object.entries(fields) as [keyof F & string, Type<unknown>][];
  return {
    least: all.reduce((sum, [, { least }]) => sum + least, 0),
    read: (from) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of all) value[name] = type.read(from);
      return value as Struct<F>;
    },
    write: (to, value) => {
      for (const [name, type] of all) type.write(to, value[name]);
    },
  };
}

/** What has no contents. */
export const nothing: Type<void> = { least: 0, read: () => undefined, write: () => {} };

/** A number, and then what goes with it; reading one that `cases` has not throws XdrError. */
export function union<T extends { kind: string; value: unknown }>(
  cases: Readonly<Record<number, readonly [kind: T['kind'], type: AnyType]>>,
): Type<T> {
  const byKind = new Map(Object.entries(cases).map(([number, [kind, type]]) => [kind, [Number(number), type] as const]));
  return {
    least: 4,
    read: (from) => {
      const number = from.int();
      const found = Object.hasOwn(cases, number) ? cases[number] : undefined;
      if (!found) throw new XdrError(`nothing is known of ${number}`);
      return { kind: found[0], value: found[1].read(from) } as T;
    },
    write: (to, { kind, value }) => {
      const [number, type] = byKind.get(kind)!;
      to.int(number);
      type.write(to, value);
    },
  };
}

// The plan as data, and its bytes as libvirt_lxc reads them (controller/plan.h).

/** The result of an earlier step of the same list. */
export interface ResultOf {
  step: Step;
}
/** The read end of the pipe on which the child is told to go on. */
export const GO = Symbol('go');
/** Text becomes the address of its terminated bytes, a Buffer the address of its bytes, a string[] an argv-like vector. */
export type Argument = number | bigint | string | Buffer | string[] | ResultOf | typeof GO | null;

export interface Step {
  /** System call number. */
  call: number;
  args: Argument[];
  /** Errnos that are no failure. */
  tolerate?: number[];
  /** A result of 0 is a failure too. */
  nonZero?: boolean;
  /** Its failure counts as one of the started container. */
  late?: boolean;
  /** What a user is told when it fails; the kernel's word is appended. */
  purpose: string;
}

export interface Plan {
  cloneFlags: number;
  /** Run by the controller before clone3. */
  parent: Step[];
  /** Run by the child; the last one is execve. */
  child: Step[];
  /** The parent's step whose result is the cgroup that the child is born into. */
  cgroup?: Step;
  meminfo?: { cgroup: string; version: 1 | 2 };
}

const MAGIC = 0x314e4c50;
const HEADER_BYTES = 40;
const STEP_BYTES = 72;
const KIND = { number: 0, data: 1, result: 2, parent: 3, go: 4 } as const;

const PADDING = Buffer.alloc(8);

/** The data section: bytes at eight-byte boundaries, each distinct text once. Offset 0 stays empty. */
class Data {
  readonly #parts: Buffer[] = [Buffer.alloc(8)];
  #length = 8;
  readonly #texts = new Map<string, number>();
  readonly relocations: number[] = [];

  add(bytes: Buffer): number {
    const offset = this.#length;
    this.#parts.push(bytes);
    const padding = -bytes.length & 7;
    if (padding) this.#parts.push(PADDING.subarray(0, padding));
    this.#length += bytes.length + padding;
    return offset;
  }

  text(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const offset = this.add(Buffer.from(`${text}\0`));
    this.#texts.set(text, offset);
    return offset;
  }

  vector(texts: string[]): number {
    const table = Buffer.alloc((texts.length + 1) * 8);
    const offsets = texts.map((text) => this.text(text));
    offsets.forEach((offset, i) => {
      table.writeBigUInt64LE(BigInt(offset), i * 8);
    });
    const at = this.add(table);
    offsets.forEach((_, i) => {
      this.relocations.push(at + i * 8);
    });
    return at;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** The bytes of `plan`. Throws a RangeError if a step refers to one that does not come before it. */
export function encodePlan(plan: Plan): Buffer {
  const data = new Data();
  const encode = (step: Step, into: Buffer, earlier: Map<Step, number>, parents: Map<Step, number>) => {
    into.writeInt32LE(step.call, 0);
    into.writeUInt8((step.nonZero ? 1 : 0) | (step.late ? 2 : 0), 4);
    const tolerate = step.tolerate ?? [];
    into.writeUInt8(tolerate.length, 5);
    tolerate.forEach((errno, i) => {
      into.writeInt16LE(errno, 8 + i * 2);
    });
    step.args.forEach((argument, i) => {
      const [kind, value] = encodeArgument(argument, data, earlier, parents);
      into[16 + i] = kind;
      if (typeof value === 'bigint') {
        into.writeBigUInt64LE(BigInt.asUintN(64, value), 24 + i * 8);
      } else {
        // In halves: BigInt costs a millisecond over a whole plan.
        into.writeUInt32LE(value >>> 0, 24 + i * 8);
        into.writeUInt32LE(Math.floor(value / 2 ** 32) >>> 0, 28 + i * 8);
      }
    });
  };
  const list = (steps: Step[], parents: Map<Step, number>): [Buffer, Map<Step, number>] => {
    const bytes = Buffer.alloc(steps.length * STEP_BYTES);
    const numbers = new Map<Step, number>();
    steps.forEach((step, i) => {
      encode(step, bytes.subarray(i * STEP_BYTES, (i + 1) * STEP_BYTES), numbers, parents);
      numbers.set(step, i);
    });
    return [bytes, numbers];
  };
  const [parent, parentNumbers] = list(plan.parent, new Map());
  const [child] = list(plan.child, parentNumbers);
  const meminfo = plan.meminfo ? data.text(plan.meminfo.cgroup) : 0;
  const relocations = Buffer.alloc((data.relocations.length * 4 + 7) & ~7);
  data.relocations.forEach((offset, i) => {
    relocations.writeUInt32LE(offset, i * 4);
  });
  const body = data.bytes();
  const header = Buffer.alloc(HEADER_BYTES);
  const cgroup = plan.cgroup ? parentNumbers.get(plan.cgroup) : undefined;
  [MAGIC, plan.parent.length, plan.child.length, body.length, data.relocations.length].forEach((value, i) => {
    header.writeUInt32LE(value, i * 4);
  });
  header.writeInt32LE(cgroup ?? -1, 20);
  header.writeUInt32LE(meminfo, 24);
  header.writeUInt32LE(plan.meminfo?.version ?? 0, 28);
  header.writeBigUInt64LE(BigInt(plan.cloneFlags), 32);
  return Buffer.concat([header, parent, child, relocations, body]);
}

function encodeArgument(
  argument: Argument,
  data: Data,
  earlier: Map<Step, number>,
  parents: Map<Step, number>,
): [kind: number, value: number | bigint] {
  if (argument === null) return [KIND.number, 0];
  if (argument === GO) return [KIND.go, 0];
  if (typeof argument === 'number' || typeof argument === 'bigint') return [KIND.number, argument];
  if (typeof argument === 'string') return [KIND.data, data.text(argument)];
  if (Buffer.isBuffer(argument)) return [KIND.data, data.add(argument)];
  if (Array.isArray(argument)) return [KIND.data, data.vector(argument)];
  const own = earlier.get(argument.step);
  if (own !== undefined) return [KIND.result, own];
  const parents_ = parents.get(argument.step);
  if (parents_ !== undefined) return [KIND.parent, parents_];
  throw new RangeError(`a step uses the result of '${argument.step.purpose}', which does not come before it`);
}

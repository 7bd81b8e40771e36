// The plan as data, and its bytes as libvirt_lxc reads them (controller/plan.h).

/** The result of an earlier step of the same list. */
export interface ResultOf {
  step: Step;
}
/** The read end of the pipe on which the child is told to go on. */
export const GO = Symbol('go');
/** A structure that has addresses of other bytes in it. */
export interface Structure {
  bytes: Buffer;
  /** At these places, eight bytes each. */
  pointers: readonly { at: number; to: Buffer }[];
}
/** Room that a call writes into, and that comes back (controller/steps.c). */
export interface ReplyArea {
  /** What came back. */
  reply: Buffer;
  /** Where in the reply: whoever sends the plan sets it. */
  at: number;
}
/** Text becomes the address of its terminated bytes, a Buffer or structure the address of its bytes, a string[] an argv-like vector. */
export type Argument = number | bigint | string | Buffer | string[] | Structure | ResultOf | ReplyArea | typeof GO | null;

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
  /** It makes a process, which goes on with the plan; the one that made it ends. */
  forks?: boolean;
  /** The text that it leaves at its first argument must begin with '/': a place below the root (getcwd(2)). */
  inside?: boolean;
  /** A result that is not its third argument is a failure: a write that was cut short (ENOSPC). */
  whole?: boolean;
  /** What a user is told when it fails; the kernel's word is appended. */
  purpose: string;
  /** What is printed below it, of what its bytes do not tell a reader. */
  notes?: readonly string[];
}

/** The directories of cgroups that view.h lists, in its order. */
export const VIEW_DIRECTORIES = ['memory', 'cpu', 'cpuacct', 'cpuset', 'blkio', 'pids', 'pressure'] as const;

export interface PlanView {
  /** Those that there are. */
  directories: Partial<Record<(typeof VIEW_DIRECTORIES)[number], string>>;
  version: 1 | 2;
  /** They own its files, as the host counts. */
  uid: number;
  gid: number;
  /** When the container's time begins: seconds after the host's start; 0: with that. */
  since: number;
}

export interface Plan {
  cloneFlags: number;
  /** Run by the controller before clone3. */
  parent: Step[];
  /** Run by the child; the last one is execve. */
  child: Step[];
  /** The parent's step whose result is the cgroup that the child is born into. */
  cgroup?: Step;
  /** What the container is told of its resources, if it is not all of the host's (controller/view.h). */
  view?: PlanView;
  /** How large the reply area is. */
  replyBytes?: number;
}

/** Added to the size of a plan that is kept for the end (controller/steps.c). */
export const PLAN_WILL = 0x80000000;

const MAGIC = 0x324e4c50;
const HEADER_BYTES = 64;
const STEP_BYTES = 72;
const KIND = { number: 0, data: 1, result: 2, parent: 3, go: 4, reply: 5 } as const;

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

  structure({ bytes, pointers }: Structure): number {
    const filled = Buffer.from(bytes);
    for (const { at, to } of pointers) filled.writeBigUInt64LE(BigInt(this.add(to)), at);
    const start = this.add(filled);
    for (const { at } of pointers) this.relocations.push(start + at);
    return start;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** The bytes of `plan`. Throws a RangeError if a step refers to one that does not come before it. */
export function encodePlan(plan: Plan): Buffer {
  const data = new Data();
  const [parent, parentNumbers] = encodeSteps(plan.parent, data, new Map());
  const [child] = encodeSteps(plan.child, data, parentNumbers);
  const { directories = {}, version = 0, uid = 0, gid = 0, since = 0 } = plan.view ?? {};
  const view = plan.view ? data.vector(VIEW_DIRECTORIES.map((name) => directories[name] ?? '')) : 0;
  const relocations = new Uint32Array(data.relocations.length + (data.relocations.length & 1));
  relocations.set(data.relocations);
  const body = data.bytes();
  const header = new Int32Array(HEADER_BYTES / 4);
  header.set([MAGIC, plan.parent.length, plan.child.length, body.length, data.relocations.length]);
  header.set([(plan.cgroup && parentNumbers.get(plan.cgroup)) ?? -1, view, version, plan.cloneFlags, 0, uid, gid], 5);
  header.set([since, Math.floor(since / 2 ** 32), plan.replyBytes ?? 0], 12);
  return Buffer.concat([bytesOf(header), bytesOf(parent), bytesOf(child), bytesOf(relocations), body]);
}

const bytesOf = ({ buffer }: Int32Array | Uint32Array): Uint8Array => new Uint8Array(buffer);

/** The steps as words of 32 bits, little-endian, and the number of each. Buffer's own methods would take twice as long. */
function encodeSteps(steps: readonly Step[], data: Data, parents: Map<Step, number>): [Int32Array, Map<Step, number>] {
  const words = new Int32Array((steps.length * STEP_BYTES) / 4);
  const numbers = new Map<Step, number>();
  let at = 0;
  for (const step of steps) {
    const { call, args, tolerate, nonZero, late, forks, inside, whole } = step;
    words[at] = call;
    words[at + 1] =
      (nonZero ? 1 : 0) | (late ? 2 : 0) | (forks ? 4 : 0) | (inside ? 8 : 0) | (whole ? 16 : 0) | ((tolerate?.length ?? 0) << 8);
    tolerate?.forEach((errno, i) => {
      words[at + 2 + (i >> 1)]! |= errno << ((i & 1) * 16);
    });
    args.forEach((argument, i) => {
      const [kind, value] = encodeArgument(argument, data, numbers, parents);
      words[at + 4 + (i >> 2)]! |= kind << ((i & 3) * 8);
      const low = at + 6 + i * 2;
      if (typeof value === 'bigint') {
        words[low] = Number(BigInt.asIntN(32, value));
        words[low + 1] = Number(BigInt.asIntN(32, value >> 32n));
      } else {
        words[low] = value;
        words[low + 1] = Math.floor(value / 2 ** 32);
      }
    });
    numbers.set(step, numbers.size);
    at += STEP_BYTES / 4;
  }
  return [words, numbers];
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
  if ('reply' in argument) return [KIND.reply, argument.at];
  if ('bytes' in argument) return [KIND.data, data.structure(argument)];
  const own = earlier.get(argument.step);
  if (own !== undefined) return [KIND.result, own];
  const parents_ = parents.get(argument.step);
  if (parents_ !== undefined) return [KIND.parent, parents_];
  throw new RangeError(`a step uses the result of '${argument.step.purpose}', which does not come before it`);
}

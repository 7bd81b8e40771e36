import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Argument,
  encodePlan,
  GO,
  type Plan,
  type ReplyArea,
  type Step,
  VIEW_DIRECTORIES,
} from '../../../lib-native/plan-encoding.ts';

const step = (fields: Partial<Step>): Step => ({ call: 1, args: [], purpose: '', ...fields });
const plan = (fields: Partial<Plan>): Plan => ({ cloneFlags: 0, parent: [], child: [], ...fields });
const hex = (text: string): string => text.replace(/#.*$/gm, '').replace(/\s/g, '');

describe('encodePlan()', () => {
  it('writes the flags of a step', () => {
    const flags = (fields: Partial<Step>) => encodePlan(plan({ child: [step(fields)] })).readUInt8(64 + 4);
    expect([{}, { nonZero: true }, { late: true }, { forks: true }, { inside: true }, { whole: true }].map(flags)).toEqual([
      0, 1, 2, 4, 8, 16,
    ]);
  });

  it('writes header, steps, relocations and data as plan.h reads them', () => {
    const group = step({ call: 257, args: [-100, '/g'] });
    const first = step({ call: 428, args: ['/g', 7n], tolerate: [17, 30], nonZero: true });
    const bytes = encodePlan({
      cloneFlags: 0x20020000,
      parent: [group],
      child: [first, step({ call: 59, args: ['sh', ['sh', '-c'], { step: first }, { step: group }, GO, null], late: true })],
      cgroup: group,
      replyBytes: 24,
      view: { directories: { memory: '/m', pressure: '/p' }, version: 2, uid: 1000, gid: 1001, since: 2 ** 32 + 7 },
    });
    expect(bytes.toString('hex')).toBe(
      hex(`
        504c4e32 01000000 02000000 90000000   # magic, steps of the parent and of the child, bytes of data
        09000000 00000000 50000000 02000000   # relocations, the step of the cgroup, the view's directories and version
        0000022000000000                      # clone flags
        e8030000 e9030000 0700000001000000    # the view's owner and beginning
        18000000 00000000                     # bytes of the reply

        01010000 00 00 0000 0000000000000000  # the parent's step: call 257, no flags
        00 01 00 00 00 00 0000                # number, data
        9cffffffffffffff 0800000000000000     # -100, "/g"
        0000000000000000 0000000000000000 0000000000000000 0000000000000000

        ac010000 01 02 0000 11001e0000000000  # call 428, not zero, tolerates 17 and 30
        01 00 00 00 00 00 0000
        0800000000000000 0700000000000000     # "/g" once more: the same bytes
        0000000000000000 0000000000000000 0000000000000000 0000000000000000

        3b000000 02 00 0000 0000000000000000  # call 59, late
        01 01 02 03 04 00 0000                # data, data, result, result of the parent's, go, number
        1000000000000000 2000000000000000     # "sh", the vector
        0000000000000000 0000000000000000     # child step 0, parent step 0
        0000000000000000 0000000000000000     # go, null

        20000000 28000000                     # what in the data becomes an address
        50000000 58000000 60000000 68000000 70000000 78000000 80000000
        00000000                              # padding

        0000000000000000                      # offset 0 means nothing
        2f67000000000000                      # 08 "/g"
        7368000000000000                      # 10 "sh"
        2d63000000000000                      # 18 "-c"
        1000000000000000 1800000000000000 0000000000000000 # 20 the vector and its end
        2f6d000000000000                      # 38 "/m"
        0000000000000000                      # 40 "": there is none
        2f70000000000000                      # 48 "/p"
        3800000000000000 4000000000000000 4000000000000000 4000000000000000 # 50 the directories and their end
        4000000000000000 4000000000000000 4800000000000000 0000000000000000
      `),
    );
  });

  it('writes -1 for no cgroup and 0 for no view, and pads the relocations to eight bytes', () => {
    const bytes = encodePlan(plan({ child: [step({ args: [['x']] })] }));
    expect(bytes.subarray(20, 32).toString('hex')).toBe('ffffffff' + '00000000' + '00000000');
    expect(bytes.subarray(64 + 72, 64 + 72 + 8).toString('hex')).toBe('10000000' + '00000000');
    expect(bytes.length).toBe(64 + 72 + 8 + 32);
  });

  it('refuses the result of a step that comes later, of the step itself, and of none', () => {
    const later = step({ purpose: 'later' });
    const own: Step = step({ purpose: 'itself' });
    own.args.push({ step: own });
    const refused = (purpose: string) => new RangeError(`a step uses the result of '${purpose}', which does not come before it`);
    expect(() => encodePlan(plan({ child: [step({ args: [{ step: later }] }), later] }))).toThrow(refused('later'));
    expect(() => encodePlan(plan({ parent: [step({ args: [{ step: later }] })], child: [later] }))).toThrow(refused('later'));
    expect(() => encodePlan(plan({ child: [own] }))).toThrow(refused('itself'));
    expect(() => encodePlan(plan({ child: [step({ args: [{ step: step({ purpose: 'nowhere' }) }] })] }))).toThrow(refused('nowhere'));
  });

  it('keeps everything of any plan, as a reader of plan.h finds it', () => {
    fc.assert(
      fc.property(anyPlan, (original) => {
        expect(decode(encodePlan(original), original)).toEqual(normal(original));
      }),
      { numRuns: 300 },
    );
  });
});

// --- any plan

type Sketch = { call: number; args: ArgumentSketch[]; tolerate: number[]; nonZero: boolean; late: boolean; whole: boolean };
type ArgumentSketch = Exclude<Argument, { step: Step }> | { earlier: number } | { parent: number };

const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'));
const argument: fc.Arbitrary<ArgumentSketch> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n),
  word,
  fc.array(word, { maxLength: 4 }),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({ start: fc.uint8Array({ maxLength: 16 }), to: fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 3 }) })
    .map(({ start, to }) => ({
      bytes: Buffer.concat([start, Buffer.alloc(8 * to.length, 0xaa)]),
      pointers: to.map((bytes, i) => ({ at: start.length + 8 * i, to: Buffer.from(bytes) })),
    })),
  fc.constant(null),
  fc.constant<typeof GO>(GO),
  fc.nat(2 ** 20).map((at): ReplyArea => ({ reply: Buffer.alloc(1), at })),
  fc.nat().map((earlier) => ({ earlier })),
  fc.nat().map((parent) => ({ parent })),
);
const sketch: fc.Arbitrary<Sketch> = fc.record({
  call: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  args: fc.array(argument, { maxLength: 6 }),
  tolerate: fc.array(fc.integer({ min: 1, max: 133 }), { maxLength: 4 }),
  nonZero: fc.boolean(),
  late: fc.boolean(),
  whole: fc.boolean(),
});

const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    cloneFlags: fc.nat(),
    parents: fc.array(sketch, { maxLength: 4 }),
    children: fc.array(sketch, { minLength: 1, maxLength: 8 }),
    cgroup: fc.option(fc.nat(), { nil: undefined }),
    replyBytes: fc.nat(),
    view: fc.option(
      fc.record({
        directories: fc.dictionary(fc.constantFrom(...VIEW_DIRECTORIES), word),
        version: fc.constantFrom<1 | 2>(1, 2),
        uid: fc.nat(),
        gid: fc.nat(),
        since: fc.nat(),
      }),
      { nil: undefined },
    ),
  })
  .map(({ cloneFlags, parents, children, cgroup, replyBytes, view }) => {
    const parent = build(parents, []);
    const group = cgroup === undefined ? undefined : parent[cgroup % Math.max(1, parent.length)];
    return { cloneFlags, parent, child: build(children, parent), replyBytes, ...(group && { cgroup: group }), ...(view && { view }) };
  });

function build(sketches: Sketch[], parents: Step[]): Step[] {
  const steps: Step[] = [];
  for (const { args, ...rest } of sketches) {
    const built = args.map((argument): Argument => {
      if (typeof argument !== 'object' || argument === null || Buffer.isBuffer(argument) || Array.isArray(argument)) return argument;
      if ('bytes' in argument || 'reply' in argument) return argument;
      const [list, wanted] = 'earlier' in argument ? [steps, argument.earlier] : [parents, argument.parent];
      return list.length === 0 ? wanted : { step: list[wanted % list.length]! };
    });
    steps.push({ ...rest, args: built, purpose: '' });
  }
  return steps;
}

// --- what of a plan reaches the controller, from the plan and from its bytes

type Value =
  | { number: bigint }
  | { text: string }
  | { bytes: string }
  | { structure: string; pointers: string[] }
  | { vector: string[] }
  | { result: number }
  | { parent: number }
  | { reply: number }
  | 'go';

function normal(original: Plan) {
  const list = (steps: Step[], parents: Step[]) =>
    steps.map(({ call, args, tolerate, nonZero, late, whole }, i) => ({
      call,
      flags: (nonZero ? 1 : 0) | (late ? 2 : 0) | (whole ? 16 : 0),
      tolerate: tolerate ?? [],
      args: Array.from({ length: 6 }, (_, at) => value(args[at] ?? null, steps.slice(0, i), parents)),
    }));
  return {
    cloneFlags: BigInt(original.cloneFlags),
    replyBytes: original.replyBytes ?? 0,
    cgroup: original.cgroup ? original.parent.indexOf(original.cgroup) : -1,
    view: original.view ? { ...original.view, directories: VIEW_DIRECTORIES.map((name) => original.view?.directories[name] ?? '') } : null,
    parent: list(original.parent, []),
    child: list(original.child, original.parent),
  };
}

function value(argument: Argument, earlier: Step[], parents: Step[]): Value {
  if (argument === null) return { number: 0n };
  if (argument === GO) return 'go';
  if (typeof argument === 'number' || typeof argument === 'bigint') return { number: BigInt.asUintN(64, BigInt(argument)) };
  if (typeof argument === 'string') return { text: argument };
  if (Buffer.isBuffer(argument)) return { bytes: argument.toString('hex') };
  if (Array.isArray(argument)) return { vector: argument };
  if ('reply' in argument) return { reply: argument.at };
  if ('bytes' in argument) return structure(argument.bytes, argument.pointers, ({ to }) => to.toString('hex'));
  const at = earlier.indexOf(argument.step);
  return at >= 0 ? { result: at } : { parent: parents.indexOf(argument.step) };
}

/** What stands at a pointer is none of the structure's own bytes. */
function structure<P extends { at: number }>(bytes: Buffer, pointers: readonly P[], follow: (pointer: P) => string): Value {
  const own = Buffer.from(bytes);
  for (const { at } of pointers) own.fill(0, at, at + 8);
  return { structure: own.toString('hex'), pointers: pointers.map(follow) };
}

/** Reads the bytes as the controller does. What an offset into the data stands for is no part of them: `original` says it. */
function decode(bytes: Buffer, original: Plan) {
  const [magic, parents, children, dataBytes, relocations] = [0, 4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  expect([magic, parents, children]).toEqual([Buffer.from('PLN2').readUInt32LE(), original.parent.length, original.child.length]);
  const relocationStart = 64 + 72 * (parents! + children!);
  const data = bytes.subarray(relocationStart + Math.ceil(relocations! / 2) * 8);
  expect(data.length).toBe(dataBytes);
  const pointers = new Set(Array.from({ length: relocations! }, (_, i) => bytes.readUInt32LE(relocationStart + i * 4)));
  const list = (steps: Step[], from: number) =>
    steps.map((like, i) => {
      const at = 64 + 72 * (from + i);
      return {
        call: bytes.readInt32LE(at),
        flags: bytes.readUInt8(at + 4),
        tolerate: Array.from({ length: bytes.readUInt8(at + 5) }, (_, n) => bytes.readInt16LE(at + 8 + n * 2)),
        args: Array.from({ length: 6 }, (_, n) =>
          decodeValue(bytes.readUInt8(at + 16 + n), bytes.readBigUInt64LE(at + 24 + n * 8), like.args[n], data, pointers),
        ),
      };
    });
  const view = bytes.readUInt32LE(24);
  const directory = (at: number): string => textAt(data, Number(data.readBigUInt64LE(at)));
  return {
    cloneFlags: bytes.readBigUInt64LE(32),
    replyBytes: bytes.readUInt32LE(56),
    cgroup: bytes.readInt32LE(20),
    view:
      view === 0
        ? null
        : {
            directories: VIEW_DIRECTORIES.map((_, i) => directory(view + i * 8)),
            version: bytes.readUInt32LE(28),
            uid: bytes.readUInt32LE(40),
            gid: bytes.readUInt32LE(44),
            since: Number(bytes.readBigUInt64LE(48)),
          },
    parent: list(original.parent, 0),
    child: list(original.child, original.parent.length),
  };
}

function decodeValue(kind: number, value: bigint, like: Argument | undefined, data: Buffer, pointers: ReadonlySet<number>): Value {
  if (kind === 0) return { number: value };
  if (kind === 2) return { result: Number(value) };
  if (kind === 3) return { parent: Number(value) };
  if (kind === 4) return 'go';
  if (kind === 5) return { reply: Number(value) };
  const at = Number(value);
  if (Buffer.isBuffer(like)) return { bytes: data.toString('hex', at, at + like.length) };
  if (like !== null && typeof like === 'object' && 'bytes' in like)
    return structure(data.subarray(at, at + like.bytes.length), like.pointers, (pointer) => {
      expect(pointers.has(at + pointer.at)).toBe(true);
      const start = Number(data.readBigUInt64LE(at + pointer.at));
      return data.toString('hex', start, start + pointer.to.length);
    });
  if (!Array.isArray(like)) return { text: textAt(data, at) };
  const vector: string[] = [];
  for (let entry = at; pointers.has(entry); entry += 8) {
    vector.push(textAt(data, Number(data.readBigUInt64LE(entry))));
  }
  expect(data.readBigUInt64LE(at + vector.length * 8)).toBe(0n);
  return { vector };
}

const textAt = (data: Buffer, at: number): string => data.toString('utf8', at, data.indexOf(0, at));

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowDevice,
  type DeviceRule,
  deviceProgram,
  deviceRuleLine,
  forbidDevice,
  restrictDevices,
} from '../../../../src/host/cgroup/devices.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

interface Asked {
  type: 'b' | 'c';
  major: number;
  minor: number;
  /** Letters of r, w, m; none: the mere existence. */
  access: string;
}

const TYPE = { b: 1, c: 2 };
const ACCESS: Record<string, number> = { m: 1, r: 2, w: 4 };
const bits = (access: string): number => [...access].reduce((sum, letter) => sum | ACCESS[letter]!, 0);

/** What the rules say: allowed if one rule covers all that is asked. */
const covered = (rules: DeviceRule[], { type, major, minor, access }: Asked): boolean =>
  rules.some(
    (rule) =>
      rule.type === type &&
      (rule.major === null || rule.major === major) &&
      (rule.minor === null || rule.minor === minor) &&
      [...access].every((letter) => rule.access.includes(letter)),
  );

/** Runs a program as the kernel would (bpf.h; Documentation/bpf/standardization/instruction-set.rst), as far as ours go. */
function run(program: Buffer, { type, major, minor, access }: Asked): number {
  const context = [((bits(access) << 16) | TYPE[type]) >>> 0, major, minor];
  const registers = new Array<number>(11).fill(0);
  const initialised = new Set([1, 10]);
  for (let at = 0; at < program.length / 8; at++) {
    const code = program.readUInt8(at * 8);
    const [dst, src] = [program.readUInt8(at * 8 + 1) & 15, program.readUInt8(at * 8 + 1) >> 4];
    const offset = program.readInt16LE(at * 8 + 2);
    const immediate = program.readInt32LE(at * 8 + 4);
    const read = (register: number): number => {
      if (!initialised.has(register)) throw new Error(`instruction ${at} reads r${register}, which nothing has set`);
      return registers[register]!;
    };
    const set = (value: number) => {
      registers[dst] = value >>> 0;
      initialised.add(dst);
    };
    switch (code) {
      case 0x61: // a word of the context, by r1
        if (src !== 1 || offset % 4 || context[offset / 4] === undefined) throw new Error(`instruction ${at} reads outside of the context`);
        set(context[offset / 4]!);
        break;
      case 0xbc:
        set(read(src));
        break;
      case 0xb4:
        set(immediate);
        break;
      case 0x54:
        set(read(dst) & immediate);
        break;
      case 0x74:
        set(read(dst) >>> immediate);
        break;
      case 0x56:
        if (offset < 0) throw new Error(`instruction ${at} jumps back`);
        if (read(dst) !== immediate >>> 0) at += offset;
        break;
      case 0x95:
        return read(0);
      default:
        throw new Error(`instruction ${at} is ${code.toString(16)}`);
    }
  }
  throw new Error('the program has no end');
}

const small = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xfffff }));
const type = fc.constantFrom<'b' | 'c'>('b', 'c');
const letters = (minLength: number) => fc.subarray(['r', 'w', 'm'], { minLength }).map((chosen) => chosen.join(''));
const anyRule: fc.Arbitrary<DeviceRule> = fc.record({
  type,
  major: fc.option(small),
  minor: fc.option(small),
  access: letters(1),
});
const asked: fc.Arbitrary<Asked> = fc.record({ type, major: small, minor: small, access: letters(0) });

describe('deviceProgram()', () => {
  it('allows exactly what one of the rules covers', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), fc.array(asked, { minLength: 20, maxLength: 40 }), (rules, questions) => {
        const program = deviceProgram(rules);
        for (const question of questions) expect([question, run(program, question)]).toEqual([question, covered(rules, question) ? 1 : 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('allows exactly what the rules of every container cover, for every neighbour of them', () => {
    const rules: DeviceRule[] = [
      { type: 'b', major: null, minor: null, access: 'm' },
      { type: 'c', major: 1, minor: 3, access: 'rwm' },
      { type: 'c', major: 5, minor: 2, access: 'rw' },
      { type: 'c', major: 136, minor: null, access: 'r' },
    ];
    const program = deviceProgram(rules);
    const wrong: string[] = [];
    for (const kind of ['b', 'c'] as const)
      for (const major of [0, 1, 2, 4, 5, 6, 135, 136, 137])
        for (const minor of [0, 1, 2, 3, 4, 255, 256])
          for (const access of ['', 'r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm']) {
            const question = { type: kind, major, minor, access };
            if (run(program, question) !== Number(covered(rules, question))) wrong.push(JSON.stringify(question));
          }
    expect(wrong).toEqual([]);
  });

  it('denies everything without rules', () => {
    fc.assert(fc.property(asked, (question) => run(deviceProgram([]), question) === 0));
  });

  it('is these bytes for one rule', () => {
    const program = deviceProgram([{ type: 'c', major: 1, minor: null, access: 'rw' }]);
    expect(program.toString('hex').match(/.{16}/g)).toEqual([
      '6112000000000000', // r2 = type and access
      'bc23000000000000', // r3 = r2
      '54020000ffff0000', // r2 &= 0xffff
      '7403000010000000', // r3 >>= 16
      '6114040000000000', // r4 = major
      '6115080000000000', // r5 = minor
      '5602060002000000', // r2 is no character device: to the end
      '5604050001000000', // r4 is not 1: to the end
      'bc30000000000000', // r0 = r3
      '54000000f9ffffff', // r0 &= ~(read | write)
      '5600020000000000', // more is asked for: to the end
      'b400000001000000', // allowed
      '9500000000000000',
      'b400000000000000', // denied
      '9500000000000000',
    ]);
  });
});

describe('deviceRuleLine()', () => {
  it.each<[DeviceRule, string]>([
    [{ type: 'c', major: 1, minor: 3, access: 'rwm' }, 'c 1:3 rwm'],
    [{ type: 'b', major: null, minor: null, access: 'm' }, 'b *:* m'],
    [{ type: 'c', major: 136, minor: null, access: 'rw' }, 'c 136:* rw'],
  ])('writes %j as %s', (rule, line) => {
    expect(deviceRuleLine(rule)).toBe(line);
  });
});

describe('v1', () => {
  const one: DeviceRule = { type: 'c', major: 1, minor: 3, access: 'rw' };
  const other: DeviceRule = { type: 'c', major: 1, minor: 5, access: 'rwm' };
  const written = (action: (cgroup: PaperCgroup) => void): string[] => {
    const cgroup = new PaperCgroup(1);
    action(cgroup);
    return cgroup.writes;
  };

  it('restrictDevices() denies all before it allows some', () => {
    expect(written((cgroup) => restrictDevices(cgroup, [one, other]))).toEqual([
      'devices devices.deny=a',
      'devices devices.allow=c 1:3 rw',
      'devices devices.allow=c 1:5 rwm',
    ]);
  });

  it('allowDevice() allows that one', () => {
    expect(written((cgroup) => allowDevice(cgroup, one, [other, one]))).toEqual(['devices devices.allow=c 1:3 rw']);
  });

  it('forbidDevice() leaves what the same device is allowed by another rule', () => {
    expect(written((cgroup) => forbidDevice(cgroup, one, [other]))).toEqual(['devices devices.deny=c 1:3 rwm']);
    expect(written((cgroup) => forbidDevice(cgroup, one, [other, { ...one, access: 'r' }]))).toEqual(['devices devices.deny=c 1:3 wm']);
    expect(written((cgroup) => forbidDevice(cgroup, one, [{ ...one, access: 'rwm' }]))).toEqual([]);
  });
});

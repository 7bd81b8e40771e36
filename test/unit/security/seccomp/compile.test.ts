import { describe, expect, it } from 'vitest';
import type { SecurityLevel } from '../../../../src/domain/definition.ts';
import {
  type Abi,
  ARM_PRIVATE,
  CALL_NAMES,
  type CallName,
  callNumbers,
  LAST_CALL,
  X32_BIT,
} from '../../../../src/security/seccomp/calls.ts';
import { compileFilter, type Machine } from '../../../../src/security/seccomp/compile.ts';
import { type Condition, type Rule, type SyscallFilter, syscallFilter } from '../../../../src/security/seccomp/rules.ts';
import { ALLOWED, KILLED, refused, runFilter } from '../../../helpers/bpf.ts';

const NONE = { policy: 'default', states: [] } as const;
const filterOf = (level: SecurityLevel): SyscallFilter => syscallFilter(level, { ...NONE, states: [] }, { hasOwnUsers: false })!;

const ERRNO = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93 };
/** linux/audit.h */
const ARCH: Record<Abi, number> = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
const WAYS_IN: [Machine, Abi][] = [
  ['x64', 'x86_64'],
  ['x64', 'i386'],
  ['arm64', 'aarch64'],
  ['arm64', 'arm'],
];

const holds = (condition: Condition, args: readonly number[]): boolean => {
  const value = args[condition.argument]! >>> 0;
  if ('is' in condition) return Object.values(condition.is).includes(value);
  if ('lacks' in condition) return (value & condition.bit) === 0;
  return 'has' in condition ? (value & condition.bit) !== 0 : !condition.isNot.includes(value);
};

/** What the rules say, without any tree. */
function expected({ rules, isClosed }: SyscallFilter, abi: Abi, number: number, args: readonly number[]): number {
  const isNew = number > LAST_CALL && !(abi === 'arm' && number >= ARM_PRIVATE);
  if (isClosed && isNew) return refused(38);
  const name = CALL_NAMES.find((one) => callNumbers(one, abi).includes(number));
  const rule = rules.find(({ calls }) => name !== undefined && calls.includes(name));
  if (rule && (rule.when ?? []).every((condition) => holds(condition, args))) return refused(ERRNO[rule.error]);
  return ALLOWED;
}

/** Arguments about which some rule has something to say, and some about which none has. */
const ARGUMENTS = [
  [0, 0, 0],
  [1, 0x5412, 0],
  [1, 0x541c, 2],
  [1, 0xc0045877, 0],
  [1, 0x5413, 9],
  [0x10000000, 0, 0],
  [0x10020011, 0, 0],
  [0x6c020011, 0, 0],
  [16, 3, 9],
  [16, 3, 0],
  [2, 1, 9],
  [8, 0, 0],
  [0x20008, 0, 0],
  [0xffffffff, 0, 0],
  [0, 0, 0, 0x20],
  [0, 0, 0, 0x1020],
  [0, 0, 0, 0x1000],
  [0x0040000, 0, 0],
];

describe('compileFilter()', () => {
  it.each([
    ['default', filterOf('default')],
    ['strict', filterOf('strict')],
    ['default, with a label', syscallFilter('default', { ...NONE, states: [] }, { hasOwnUsers: false, label: 'selinux' })!],
  ])(
    'at level %s does with every number what the rules say, on every way in',
    (_, filter) => {
      for (const [machine, abi] of WAYS_IN) {
        const program = compileFilter(filter, machine);
        const numbers = [...Array(600).keys(), ARM_PRIVATE - 1, ARM_PRIVATE, ARM_PRIVATE + 5, 0x3fffffff];
        const wrong: unknown[] = [];
        for (const number of numbers)
          for (const args of ARGUMENTS) {
            const { result } = runFilter(program, { number, arch: ARCH[abi], args });
            if (result !== expected(filter, abi, number, args)) wrong.push({ abi, number, args, result: result.toString(16) });
          }
        expect(wrong).toEqual([]);
      }
    },
    30_000,
  );

  it('takes a call of x32 for that of x86_64, with its own numbers or without the bit that tells it', () => {
    const program = compileFilter(filterOf('default'), 'x64');
    const result = (number: number, args: number[] = []) => runFilter(program, { number, arch: ARCH.x86_64, args }).result;
    expect(result(X32_BIT | 175)).toBe(refused(1)); // init_module
    for (const bit of [0, X32_BIT]) {
      expect(result(bit | 528)).toBe(refused(1)); // kexec_load
      expect(result(bit | 514, [0, 0x5412])).toBe(refused(1)); // ioctl
      expect(result(bit | 514, [0, 0x5401])).toBe(ALLOWED);
    }
    expect(result(X32_BIT | 0)).toBe(ALLOWED);
  });

  it('refuses every call of x32 at level strict', () => {
    const program = compileFilter(filterOf('strict'), 'x64');
    for (const number of [0, 175, 514, 520, 528, 600])
      expect(runFilter(program, { number: X32_BIT | number, arch: ARCH.x86_64 }).result).toBe(refused(38));
  });

  it('looks at no more of an argument than the kernel does', () => {
    const program = compileFilter(filterOf('strict'), 'x64');
    const result = (number: number, args: bigint[]) => runFilter(program, { number, arch: ARCH.x86_64, args }).result;
    expect(result(16, [0n, 0x1_0000_5412n])).toBe(refused(1)); // ioctl(TIOCSTI)
    expect(result(56, [0xffff_ffff_1000_0011n])).toBe(refused(1)); // clone(CLONE_NEWUSER)
    expect(result(135, [0xffff_ffff_ffff_ffffn])).toBe(ALLOWED); // personality(-1)
  });

  it('kills what comes from a machine that this kernel cannot run', () => {
    for (const machine of ['x64', 'arm64'] as const)
      expect(runFilter(compileFilter(filterOf('default'), machine), { number: 0, arch: 0x16 }).result).toBe(KILLED);
    expect(runFilter(compileFilter(filterOf('default'), 'x64'), { number: 0, arch: ARCH.aarch64 }).result).toBe(KILLED);
  });

  it('is short for every call, and no longer than the kernel takes', () => {
    for (const level of ['default', 'strict'] as const)
      for (const [machine, abi] of WAYS_IN) {
        const program = compileFilter(filterOf(level), machine);
        expect(program.length / 8).toBeLessThan(4096);
        const steps = [...Array(600).keys()].map((number) => runFilter(program, { number, arch: ARCH[abi] }).steps);
        expect(Math.max(...steps)).toBeLessThan(28);
      }
  });

  it('reaches further than a jump does where there are many rules', () => {
    const even = CALL_NAMES.filter((_, i) => i % 2 === 0);
    const when: Rule['when'] = [{ argument: 1, is: Object.fromEntries([...Array(40).keys()].map((n) => [`N${n}`, n * 3])) }];
    const filter: SyscallFilter = { rules: [{ calls: even, error: 'EPERM', when }], isClosed: false };
    const program = compileFilter(filter, 'x64');
    for (let number = 0; number < 600; number++)
      for (const args of [
        [0, 3, 0],
        [0, 4, 0],
      ])
        expect(runFilter(program, { number, arch: ARCH.x86_64, args }).result).toBe(expected(filter, 'x86_64', number, args));
  });
});

describe('the table of calls', () => {
  it('has each number once on each way in', () => {
    for (const abi of Object.keys(ARCH) as Abi[]) {
      const numbers = CALL_NAMES.flatMap((name) => callNumbers(name, abi));
      expect(numbers.filter((number, i) => numbers.indexOf(number) !== i)).toEqual([]);
      expect(Math.max(...numbers.filter((number) => number < 500))).toBeLessThanOrEqual(LAST_CALL);
    }
  });

  it('is of calls that some rule is about, each of one rule', () => {
    const named = filterOf('strict').rules.flatMap(({ calls }) => calls);
    expect(named.filter((name, i) => named.indexOf(name) !== i)).toEqual([]);
    expect([...named].sort()).toEqual([...CALL_NAMES].sort() satisfies CallName[]);
  });
});

// A filter as the kernel's classic BPF (seccomp(2)): each machine's numbers as a tree of comparisons, so that a call passes some
// eight of them; what is allowed whatever its arguments the kernel finds out once. Pure.
import { type Abi, ARM_PRIVATE, callNumbers, LAST_CALL, X32_BIT } from './calls.ts';
import type { Condition, Rule, SyscallFilter } from './rules.ts';

export type Machine = 'x64' | 'arm64';

/** AUDIT_ARCH_* of audit.h: the machine as the kernel tells it to filters. */
const AUDIT_ARCH: Record<Abi, number> = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
/** The second is the way in of its 32-bit sibling. */
const WAYS_IN: Record<Machine, readonly [Abi, Abi]> = { x64: ['x86_64', 'i386'], arm64: ['aarch64', 'arm'] };

const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const SECCOMP_RET_ERRNO = 0x00050000;
const SECCOMP_RET_ALLOW = 0x7fff0000;
const ERRNO: Record<Rule['error'], number> = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93 };

// BPF_CLASS | BPF_SIZE or BPF_OP | BPF_MODE or BPF_SRC of bpf_common.h
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP = 0x05; // BPF_JMP | BPF_JA
const IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const IF_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

// Offsets in struct seccomp_data.
const NUMBER = 0;
const ARCH = 4;
const ARGUMENTS = 16;

/** Instructions, two words each: code with both jumps, and operand. */
type Code = number[];
const MOST_JUMP = 255;

const instruction = (code: number, operand: number, ifTrue = 0, ifFalse = 0): Code => [
  (code | (ifTrue << 16) | (ifFalse << 24)) >>> 0,
  operand >>> 0,
];
const lengthOf = (code: Code): number => code.length / 2;
const ALLOW = instruction(RETURN, SECCOMP_RET_ALLOW);
const refuse = (error: Rule['error']): Code => instruction(RETURN, SECCOMP_RET_ERRNO | ERRNO[error]);

/** The bytes of `struct sock_filter[]`. */
export function compileFilter(filter: SyscallFilter, machine: Machine): Buffer {
  const code = instruction(LOAD, ARCH);
  for (const abi of WAYS_IN[machine]) {
    // A closed filter knows no call of x32: their bit makes them newer than any other.
    const merges = abi === 'x86_64' && !filter.isClosed;
    const part = [...instruction(LOAD, NUMBER), ...(merges ? instruction(AND, ~X32_BIT) : []), ...decide(filter, abi)];
    // Further than a conditional jump reaches.
    code.push(...instruction(IF_EQUAL, AUDIT_ARCH[abi], 1, 0), ...instruction(JUMP, lengthOf(part)), ...part);
  }
  code.push(...instruction(RETURN, SECCOMP_RET_KILL_PROCESS));
  return Buffer.from(new Uint32Array(code).buffer);
}

interface Interval {
  from: number;
  /** What is done with the numbers from there to the next interval. */
  code: Code;
}

/** The number is loaded. */
function decide({ rules, isClosed }: SyscallFilter, abi: Abi): Code {
  const special: [number, Code][] = [];
  for (const rule of rules) {
    const code = codeOf(rule);
    for (const name of rule.calls)
      for (const number of callNumbers(name, abi)) if (!isClosed || number <= LAST_CALL) special.push([number, code]);
  }
  special.sort(([a], [b]) => a - b);
  const intervals: Interval[] = [];
  const add = (from: number, code: Code) => {
    const last = intervals.at(-1);
    if (last?.from === from) intervals.pop();
    if (intervals.at(-1)?.code.join() !== code.join()) intervals.push({ from, code });
  };
  add(0, ALLOW);
  for (const [number, code] of special) {
    add(number, code);
    add(number + 1, ALLOW);
  }
  if (isClosed) add(LAST_CALL + 1, refuse('ENOSYS'));
  if (isClosed && abi === 'arm') add(ARM_PRIVATE, ALLOW);
  return search(intervals, 0, intervals.length);
}

function search(intervals: readonly Interval[], start: number, end: number): Code {
  if (end - start === 1) return intervals[start]!.code;
  const middle = (start + end) >> 1;
  const { from } = intervals[middle]!;
  const below = search(intervals, start, middle);
  const above = search(intervals, middle, end);
  const over = lengthOf(below);
  const branch =
    over <= MOST_JUMP ? instruction(IF_AT_LEAST, from, over, 0) : [...instruction(IF_AT_LEAST, from, 0, 1), ...instruction(JUMP, over)];
  return [...branch, ...below, ...above];
}

/** Ends with a return. */
function codeOf({ when = [], error }: Rule): Code {
  let code = refuse(error);
  for (const condition of [...when].reverse()) code = [...test(condition, lengthOf(code)), ...code];
  return when.length === 0 ? code : [...code, ...ALLOW];
}

/** Goes on to what follows if the condition holds, else `length` instructions further. */
function test(condition: Condition, length: number): Code {
  const code = instruction(LOAD, ARGUMENTS + 8 * condition.argument);
  if ('has' in condition) return [...code, ...instruction(IF_ANY_BIT, condition.bit, 0, length)];
  if ('lacks' in condition) return [...code, ...instruction(IF_ANY_BIT, condition.bit, length, 0)];
  const values = 'is' in condition ? Object.values(condition.is) : condition.isNot;
  values.forEach((value, i) => {
    const rest = values.length - 1 - i;
    if ('is' in condition) code.push(...instruction(IF_EQUAL, value, rest, rest === 0 ? length : 0));
    else code.push(...instruction(IF_EQUAL, value, rest + length, 0));
  });
  return code;
}

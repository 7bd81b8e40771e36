// Which devices a container may use: lines for v1's devices.allow, an eBPF program for v2 (bpf(2), cgroup-v2.rst).
import fs from 'node:fs';
import { O_CLOEXEC, O_RDONLY } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { systemError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';

export interface DeviceRule {
  type: 'b' | 'c';
  /** null: any. */
  major: number | null;
  minor: number | null;
  /** Letters of r, w, m. */
  access: string;
  /** Of the host's device, where it is one: for whoever reads of it. */
  path?: string;
}

const star = (n: number | null): string => (n === null ? '*' : String(n));
export const deviceRuleLine = (rule: DeviceRule): string => `${rule.type} ${star(rule.major)}:${star(rule.minor)} ${rule.access}`;

/** Denies everything, then allows `rules`. Throws SYSTEM_ERROR. */
export function restrictDevices(cgroup: DomainCgroup, rules: readonly DeviceRule[]): void {
  if (cgroup.layout.version === 2) {
    attachDeviceProgram(cgroup.directory('devices')!, deviceProgram(rules));
    return;
  }
  cgroup.write('devices', 'devices.deny', 'a');
  for (const rule of rules) cgroup.write('devices', 'devices.allow', deviceRuleLine(rule));
}

/** Allows one more device; `rules` are all with it. Throws SYSTEM_ERROR. */
export function allowDevice(cgroup: DomainCgroup, rule: DeviceRule, rules: readonly DeviceRule[]): void {
  if (cgroup.layout.version === 2) restrictDevices(cgroup, rules);
  else cgroup.write('devices', 'devices.allow', deviceRuleLine(rule));
}

/** What nobody may do any more once `rule` goes and `rules` stay: two devices may be the same. */
export function lostAccess(rule: DeviceRule, rules: readonly DeviceRule[]): string {
  const isSame = ({ type, major, minor }: DeviceRule) => type === rule.type && major === rule.major && minor === rule.minor;
  const stays = new Set(rules.filter(isSame).flatMap(({ access }) => [...access]));
  return [...'rwm'].filter((letter) => !stays.has(letter)).join('');
}

/** Forbids what `rule` allows, but for what `rules` allow without it. Throws SYSTEM_ERROR. */
export function forbidDevice(cgroup: DomainCgroup, rule: DeviceRule, rules: readonly DeviceRule[]): void {
  if (cgroup.layout.version === 2) {
    restrictDevices(cgroup, rules);
    return;
  }
  const access = lostAccess(rule, rules);
  if (access !== '') cgroup.write('devices', 'devices.deny', deviceRuleLine({ ...rule, access }));
}

const TYPE = { b: 1, c: 2 } as const;
const ACCESS = { m: 1, r: 2, w: 4 } as const;

/** One eBPF instruction (bpf.h: struct bpf_insn). */
function instruction(code: number, dst: number, src: number, offset: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8((src << 4) | dst, 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate | 0, 4);
  return bytes;
}

/**
 * A BPF_PROG_TYPE_CGROUP_DEVICE program: r2 the type, r3 the access asked for, r4 and r5 the numbers; each rule a run of
 * tests that jumps to the next one; 1 allows, 0 denies.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  const LOAD_WORD = 0x61;
  const MOVE_REGISTER = 0xbc;
  const MOVE_NUMBER = 0xb4;
  const AND = 0x54;
  const SHIFT_RIGHT = 0x74;
  const JUMP_UNLESS_EQUAL = 0x56; // JNE on 32 bits
  const EXIT = 0x95;
  const program = [
    instruction(LOAD_WORD, 2, 1, 0, 0),
    instruction(MOVE_REGISTER, 3, 2, 0, 0),
    instruction(AND, 2, 0, 0, 0xffff),
    instruction(SHIFT_RIGHT, 3, 0, 0, 16),
    instruction(LOAD_WORD, 4, 1, 4, 0),
    instruction(LOAD_WORD, 5, 1, 8, 0),
  ];
  for (const rule of rules) {
    const allowed = [...rule.access].reduce((bits, letter) => bits | (ACCESS[letter as keyof typeof ACCESS] ?? 0), 0);
    const tests: [register: number, value: number][] = [[2, TYPE[rule.type]]];
    if (rule.major !== null) tests.push([4, rule.major]);
    if (rule.minor !== null) tests.push([5, rule.minor]);
    // What follows the tests: three for the access, two to allow.
    tests.forEach(([register, value], i) => {
      program.push(instruction(JUMP_UNLESS_EQUAL, register, 0, tests.length - i - 1 + 5, value));
    });
    program.push(
      instruction(MOVE_REGISTER, 0, 3, 0, 0),
      instruction(AND, 0, 0, 0, ~allowed),
      instruction(JUMP_UNLESS_EQUAL, 0, 0, 2, 0),
      instruction(MOVE_NUMBER, 0, 0, 0, 1),
      instruction(EXIT, 0, 0, 0, 0),
    );
  }
  program.push(instruction(MOVE_NUMBER, 0, 0, 0, 0), instruction(EXIT, 0, 0, 0, 0));
  return Buffer.concat(program);
}

const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_DETACH = 9;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_PROG_QUERY = 16;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;

/** Attaches the program to a cgroup, in place of what was attached there before. */
function attachDeviceProgram(directory: string, program: Buffer): void {
  const license = Buffer.from('Apache-2.0\0');
  const load = Buffer.alloc(128);
  load.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  load.writeUInt32LE(program.length / 8, 4);
  load.writeBigUInt64LE(linux.address(program), 8);
  load.writeBigUInt64LE(linux.address(license), 16);
  load.writeUInt32LE(BPF_CGROUP_DEVICE, 68);
  const loaded = linux.bpf(BPF_PROG_LOAD, load);
  if (loaded < 0) throw systemError('failed to load cgroup BPF prog', -loaded);
  const cgroup = fs.openSync(directory, 'r');
  try {
    const before = attachedPrograms(cgroup);
    const attach = (command: number, programFd: number, flags: number): number => {
      const attribute = Buffer.alloc(32);
      [cgroup, programFd, BPF_CGROUP_DEVICE, flags].forEach((value, i) => {
        attribute.writeInt32LE(value, i * 4);
      });
      return linux.bpf(command, attribute);
    };
    const attached = attach(BPF_PROG_ATTACH, loaded, BPF_F_ALLOW_MULTI);
    if (attached < 0) throw systemError('failed to attach cgroup BPF prog', -attached);
    for (const id of before) {
      const attribute = Buffer.alloc(32);
      attribute.writeUInt32LE(id, 0);
      const old = linux.bpf(BPF_PROG_GET_FD_BY_ID, attribute);
      if (old < 0) continue; // gone meanwhile
      attach(BPF_PROG_DETACH, old, 0);
      linux.close(old);
    }
  } finally {
    fs.closeSync(cgroup);
    linux.close(loaded);
  }
}

/** Can rules for devices be attached to this cgroup of version 2, by this kernel and user? */
export function canAttachDevices(directory: string): boolean {
  const cgroup = linux.open(directory, O_RDONLY | O_CLOEXEC);
  if (cgroup < 0) return false;
  const result = queryPrograms(cgroup);
  linux.close(cgroup);
  return typeof result !== 'number';
}

function attachedPrograms(cgroup: number): number[] {
  const result = queryPrograms(cgroup);
  return typeof result === 'number' ? [] : result;
}

/** Ids of the programs that are attached, or -errno. */
function queryPrograms(cgroup: number): number[] | number {
  const ids = Buffer.alloc(64 * 4);
  const attribute = Buffer.alloc(64);
  attribute.writeInt32LE(cgroup, 0);
  attribute.writeUInt32LE(BPF_CGROUP_DEVICE, 4);
  attribute.writeBigUInt64LE(linux.address(ids), 16);
  attribute.writeUInt32LE(64, 24);
  const result = linux.bpf(BPF_PROG_QUERY, attribute);
  if (result < 0) return result;
  return Array.from({ length: attribute.readUInt32LE(24) }, (_, i) => ids.readUInt32LE(i * 4));
}

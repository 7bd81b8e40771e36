import { describe, expect, it } from 'vitest';
import { CAPABILITIES } from '../../../src/domain/capabilities.ts';
import type { CapabilityPolicy, SecurityLevel } from '../../../src/domain/definition.ts';
import { keptCapabilities } from '../../../src/security/capabilities.ts';

const LAST = 40; // Linux 5.9 and later
const all = Array.from({ length: LAST + 1 }, (_, number) => number);
const without = (...numbers: number[]) => all.filter((number) => !numbers.includes(number));
const [SYS_MODULE, SYS_BOOT, SYS_TIME, MKNOD, AUDIT_CONTROL, MAC_ADMIN] = [16, 22, 25, 27, 30, 33] as const;

function kept(
  policy: CapabilityPolicy,
  states: Record<string, 'on' | 'off'> = {},
  last = LAST,
  level: SecurityLevel = 'libvirt',
  isSystem = false,
): number[] {
  const list = Object.entries(states).map(([name, state]) => ({ name, state }));
  return [...keptCapabilities({ policy, states: list }, level, last, isSystem)].sort((a, b) => a - b);
}

describe('keptCapabilities()', () => {
  it('drops by default what would reach beyond the container', () => {
    expect(kept('default')).toEqual(without(SYS_MODULE, SYS_TIME, MKNOD, AUDIT_CONTROL, MAC_ADMIN));
  });

  it('keeps by default what is on and drops what is off', () => {
    expect(kept('default', { mknod: 'on', chown: 'off' })).toEqual(without(0, SYS_MODULE, SYS_TIME, AUDIT_CONTROL, MAC_ADMIN));
  });

  it('keeps all under allow but what is off', () => {
    expect(kept('allow')).toEqual(all);
    expect(kept('allow', { sys_time: 'off', sys_module: 'on' })).toEqual(without(SYS_TIME));
  });

  it('keeps nothing under deny but what is on', () => {
    expect(kept('deny')).toEqual([]);
    expect(kept('deny', { sys_time: 'on', chown: 'off' })).toEqual([SYS_TIME]);
  });

  it.each(['default', 'allow', 'deny'] as const)('obeys sys_boot off under policy %s', (policy) => {
    expect(kept(policy, { sys_boot: 'off' })).not.toContain(SYS_BOOT);
  });

  it('has the same at level default, and what podman keeps at level strict', () => {
    expect(kept('default', {}, LAST, 'default')).toEqual(kept('default'));
    const podmans = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31];
    expect(kept('default', {}, LAST, 'strict')).toEqual(podmans);
    expect(kept('default', { sys_admin: 'on', chown: 'off' }, LAST, 'strict')).toEqual([...podmans.slice(1, -1), 21, 31]);
    expect(kept('default', {}, LAST, 'strict', true)).toEqual([...podmans.slice(0, -1), SYS_BOOT, 31]);
    expect(kept('default', { sys_boot: 'off' }, LAST, 'strict', true)).toEqual(podmans);
    expect(kept('deny', {}, LAST, 'strict', true)).toEqual([]);
    expect(kept('allow', {}, LAST, 'strict')).toEqual(all);
    expect(kept('deny', { kill: 'on' }, LAST, 'strict')).toEqual([5]);
  });

  it('passes over what this kernel does not have', () => {
    expect(kept('allow', { wake_alarm: 'on' }, 34)).toEqual(all.slice(0, 35));
    expect(kept('deny', { wake_alarm: 'on', syslog: 'on' }, 34)).toEqual([34]);
  });

  it('passes over a name that nobody knows', () => {
    expect(kept('deny', { fly: 'on' })).toEqual([]);
  });

  it('knows the number of every name that XML can hold (linux/capability.h)', () => {
    const byNumber = [...CAPABILITIES].sort(([, a], [, b]) => a - b).map(([name]) => name);
    expect(byNumber).toEqual([
      'chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'linux_immutable',
      'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner', 'sys_module', 'sys_rawio', 'sys_chroot',
      'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice', 'sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease',
      'audit_write', 'audit_control', 'setfcap', 'mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend',
    ]); // biome-ignore format: a table
    expect([...CAPABILITIES].map(([, number]) => number).sort((a, b) => a - b)).toEqual(all.slice(0, 37));
  });
});

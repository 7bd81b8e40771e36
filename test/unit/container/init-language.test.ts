import { describe, expect, it } from 'vitest';
import { ignoresSignal, initFacts, initSignal, isGettingReady, messengerOf, reopensPipe } from '../../../src/container/init-language.ts';

const bit = (...signals: number[]) => signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);
const status = (name: string, masks: { blocked?: bigint; caught?: bigint; ignored?: bigint } = {}) => {
  const hex = (mask = 0n) => mask.toString(16).padStart(16, '0');
  return `Name:\t${name}\nUmask:\t0000\nSigPnd:\t${hex()}\nSigBlk:\t${hex(masks.blocked)}\nSigIgn:\t${hex(masks.ignored)}\nSigCgt:\t${hex(masks.caught)}\n`;
};

const ALL = 0xffff_ffff_ffff_ffffn;

describe('initSignal()', () => {
  it.each([
    ['systemd', status('systemd', { blocked: 0x7be3c0fe28014a03n }), '/usr/lib/systemd/systemd', 38, 39],
    ['systemd before it is ready', status('systemd'), '/usr/lib/systemd/systemd (deleted)', 38, 39],
    ['a systemd of another name', status('init', { blocked: bit(37) }), '/sbin/init', 38, 39],
    ["busybox's init", status('init', { caught: bit(20) }), '/bin/busybox', 12, 15],
    ["a script of busybox's shell that is called init", status('init', { caught: bit(1, 10, 12, 15) }), '/bin/busybox', 15, 1],
    ["busybox's shell", status('sh'), '/bin/busybox', 15, 1],
    ['sysvinit', status('init'), '/sbin/init', 15, 1],
    ['sysvinit that is up', status('init', { caught: bit(1, 2, 10), ignored: bit(3, 15) }), '/sbin/init', 15, 2],
    [
      'openrc-init, which blocks what it does not know',
      status('init', { blocked: bit(37, 38), caught: bit(2, 15) }),
      '/sbin/openrc-init',
      15,
      2,
    ],
    ["Debian's runit", status('runit', { caught: bit(2, 18, 30) }), '/usr/sbin/runit', 30, 2],
    ['runit', status('runit', { caught: bit(2, 18) }), '/usr/bin/runit', 2, 2],
    ['s6', status('s6-svscan', { blocked: bit(2, 10, 15) }), '/usr/bin/s6-svscan', 10, 2],
    ['an s6 without SIGUSR1', status('s6-svscan', { blocked: bit(2, 15) }), '/usr/bin/s6-svscan', 15, 2],
    ['dinit', status('dinit', { caught: bit(2, 15) }), '/sbin/dinit', 15, 2],
    ['tini, which passes all on', status('tini', { blocked: ALL }), '/usr/bin/tini', 15, 1],
    ['what is not executed yet', status('libvirt_lxc new', { blocked: ALL }), '/libvirt_lxc', 15, 1],
    ['what cannot be seen', status('x'), '', 15, 1],
  ])('speaks the language of %s', (_, text, exe, poweroff, reboot) => {
    const facts = initFacts(text, exe);
    expect([initSignal(facts, 'poweroff'), initSignal(facts, 'reboot')]).toEqual([poweroff, reboot]);
  });
});

describe('ignoresSignal()', () => {
  it.each([
    ['catches', { caught: bit(15) }, false],
    ['waits for by a descriptor', { blocked: bit(15) }, false],
    ['ignores', { ignored: bit(15), blocked: bit(15) }, true],
    ['leaves at its default', { caught: bit(1, 14, 16) }, true],
  ])('knows a signal that init %s', (_, masks, expected) => {
    expect(ignoresSignal(initFacts(status('init', masks), '/sbin/init'), 15)).toBe(expected);
  });
});

describe('isGettingReady()', () => {
  it.each([
    ['a systemd that has not blocked its signals yet', status('systemd'), '/usr/lib/systemd/systemd', true],
    ['one that has', status('systemd', { blocked: 0x7be3c0fe28014a03n }), '/usr/lib/systemd/systemd', false],
    ['a process of ours that has executed nothing', status('libvirt_lxc new', { blocked: bit(15) }), '/libvirt_lxc', true],
    ['sysvinit, which will never listen', status('init', { caught: bit(1, 10), ignored: bit(15) }), '/sbin/init', false],
    ['a program that nobody knows', status('sleep'), '/bin/sleep', false],
  ])('is asked of %s', (_, text, exe, expected) => {
    expect(isGettingReady(initFacts(text, exe), 'poweroff')).toBe(expected);
  });
});

it('reopensPipe() and messengerOf() know sysvinit and runit by what they are', () => {
  const sysvinit = initFacts(status('init', { caught: bit(1, 10), ignored: bit(15) }), '/sbin/init');
  const runit = initFacts(status('runit'), '/usr/sbin/runit');
  expect([sysvinit, runit].map(reopensPipe)).toEqual([true, false]);
  expect(messengerOf(sysvinit, 'reboot')).toBeUndefined();
  expect(messengerOf(runit, 'poweroff')?.at(-1)).toMatch(/exec "\$i" 0;/);
  expect(messengerOf(runit, 'reboot')?.at(-1)).toMatch(/exec "\$i" 6;/);
});

import { describe, expect, it } from 'vitest';
import { ignoresSignal, initFacts, initSignal } from '../../../src/container/init-language.ts';

const bit = (...signals: number[]) => signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);
const status = (name: string, masks: { blocked?: bigint; caught?: bigint; ignored?: bigint } = {}) => {
  const hex = (mask = 0n) => mask.toString(16).padStart(16, '0');
  return `Name:\t${name}\nUmask:\t0000\nSigPnd:\t${hex()}\nSigBlk:\t${hex(masks.blocked)}\nSigIgn:\t${hex(masks.ignored)}\nSigCgt:\t${hex(masks.caught)}\n`;
};

describe('initSignal()', () => {
  it.each([
    ['systemd', status('systemd', { blocked: 0x7be3c0fe28014a03n }), '/usr/lib/systemd/systemd', 38, 39],
    ['systemd before it is ready', status('systemd'), '/usr/lib/systemd/systemd (deleted)', 38, 39],
    ['a systemd of another name', status('init', { blocked: bit(37) }), '/sbin/init', 38, 39],
    ["busybox's init", status('init', { caught: bit(20) }), '/bin/busybox', 12, 15],
    ["a script of busybox's shell that is called init", status('init', { caught: bit(1, 10, 12, 15) }), '/bin/busybox', 15, 1],
    ["busybox's shell", status('sh'), '/bin/busybox', 15, 1],
    ['sysvinit', status('init'), '/sbin/init', 15, 1],
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

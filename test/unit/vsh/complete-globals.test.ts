import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS } from '../../../src/virsh/settings.ts';
import { globalsBefore } from '../../../src/vsh/complete-globals.ts';

const split = (...words: string[]) => {
  const { globals, rest, candidates } = globalsBefore(words, GLOBAL_OPTIONS);
  return candidates ? candidates.map(({ text }) => text) : { globals, rest };
};

describe('globalsBefore()', () => {
  it('splits off what comes before the command', () => {
    expect(split('start', 'w')).toEqual({ globals: [], rest: ['start', 'w'] });
    expect(split('-c', 'lxc:///', '-qr', '--log=x', 'start', '-')).toEqual({
      globals: ['-c', 'lxc:///', '-qr', '--log=x'],
      rest: ['start', '-'],
    });
    expect(split('-clxc:///', 'st')).toEqual({ globals: ['-clxc:///'], rest: ['st'] });
    expect(split('-q', '--', '-x')).toEqual({ globals: ['-q'], rest: ['-x'] });
  });
  it('completes the options', () => {
    expect(split('--re')).toEqual(['--readonly']);
    expect(split('-q', '--t')).toEqual(['--timing']);
  });
  it('completes their values', () => {
    expect(split('-c', '')).toEqual(['lxc:///']);
    expect(split('--connect', 'l')).toEqual(['lxc:///']);
    expect(split('--connect=l')).toEqual(['--connect=lxc:///']);
    expect(split('--version=')).toEqual(['--version=long', '--version=short']);
    expect(split('-qc', '')).toEqual(['lxc:///']);
    expect(split('-l', 'x')).toEqual([':files']);
  });
});

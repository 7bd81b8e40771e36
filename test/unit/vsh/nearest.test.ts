import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/vsh/nearest.ts';

const KNOWN = ['list', 'logs', 'start', 'destroy', 'domstate', 'domstats', 'net-list', 'attach-disk', 'cd'];

describe('nearest()', () => {
  it.each([
    ['lst', ['list']],
    ['ilst', ['list']],
    ['statr', ['start']],
    ['dommstate', ['domstate']],
    ['doms', ['domstate', 'domstats']],
    ['netlist', ['net-list']],
    ['attach_disk', ['attach-disk']],
    ['Destroy', ['destroy']],
    ['podman', []],
    ['x', []],
    ['', []],
    ['ps', []],
  ])('of %s', (word, expected) => {
    expect(nearest(word, KNOWN)).toEqual(expected);
  });
});

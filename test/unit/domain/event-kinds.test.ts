import { describe, expect, it } from 'vitest';
import { TRANSITIONS } from '../../../src/container/lifecycle.ts';
import { lifecycleNumbers, metadataNumber, networkEventNumber, poolEventNumber } from '../../../src/domain/event-kinds.ts';

describe('lifecycleNumbers()', () => {
  it.each([
    // include/libvirt/libvirt-domain.h
    ['Defined', 'Added', 0, 0],
    ['Defined', 'Renamed', 0, 2],
    ['Undefined', 'Removed', 1, 0],
    ['Started', 'Booted', 2, 0],
    ['Suspended', 'Paused', 3, 0],
    ['Resumed', 'Unpaused', 4, 0],
    ['Stopped', 'Shutdown', 5, 0],
    ['Stopped', 'Destroyed', 5, 1],
    ['Stopped', 'Crashed', 5, 2],
    ['Stopped', 'Failed', 5, 5],
  ])('of %s %s', (kind, word, event, detail) => {
    expect(lifecycleNumbers(kind, word)).toEqual({ event, detail });
  });

  it('has all that changes of state tell', () => {
    const told = Object.values(TRANSITIONS)
      .flatMap((reasons) => Object.values(reasons as Record<string, Record<string, readonly string[]>>))
      .flatMap((change) => Object.values(change).flat())
      .filter((write) => write.startsWith('event ') && write !== 'event reboot');
    expect(told.length).toBeGreaterThan(10);
    expect(told.filter((write) => lifecycleNumbers(...(write.split(' ').slice(1) as [string, string])) === undefined)).toEqual([]);
  });

  it('knows no other words', () => {
    expect([lifecycleNumbers('Stopped', 'Booted'), lifecycleNumbers('toString', 'x')]).toEqual([undefined, undefined]);
  });
});

it('networks, pools and metadata have numbers, too', () => {
  expect((['Defined', 'Undefined', 'Started', 'Stopped', 'Created', 'Deleted'] as const).map(poolEventNumber)).toEqual([0, 1, 2, 3, 4, 5]);
  expect((['Defined', 'Undefined', 'Started', 'Stopped'] as const).map(networkEventNumber)).toEqual([0, 1, 2, 3]);
  expect(['description', 'title', 'element', 'other'].map(metadataNumber)).toEqual([0, 1, 2, -1]);
});

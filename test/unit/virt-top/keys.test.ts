import { describe, expect, it } from 'vitest';
import { actionOf, keysIn, orderAfter } from '../../../src/virt-top/keys.ts';

describe('keysIn()', () => {
  it.each([
    ['q', ['q']],
    ['2\r', ['2', 'enter']],
    ['\u001b[A\u001bOBx', ['up', 'down', 'x']],
    ['\u001b[1;5C', ['escape']],
    ['\u001b', ['escape']],
    [' \f', ['refresh', 'refresh']],
    ['\u0003\u001a\u007f', ['interrupt', 'suspend', 'backspace']],
    ['é😀', ['é', '😀']],
  ])('%j', (bytes, keys) => {
    expect(keysIn(bytes)).toEqual(keys);
  });
});

describe('actionOf()', () => {
  const settings = { display: 'task', blockInBytes: false } as const;
  it.each([
    ['P', { settings: { sort: 'cpu' } }],
    ['M', { settings: { sort: 'mem' } }],
    ['T', { settings: { sort: 'time' } }],
    ['N', { settings: { sort: 'id' } }],
    ['0', { settings: { display: 'task' } }],
    ['1', { settings: { display: 'pcpu' } }],
    ['2', { settings: { display: 'net' } }],
    ['3', { settings: { display: 'block' } }],
    ['4', { settings: { display: 'limits' } }],
    ['5', 'unknown'],
    ['B', { settings: { blockInBytes: true } }],
    ['F', 'order'],
    ['W', 'write'],
    ['s', 'delay'],
    ['d', 'delay'],
    ['h', 'help'],
    ['q', 'quit'],
    ['refresh', 'refresh'],
    ['p', 'unknown'],
  ])('%s', (key, action) => {
    expect(actionOf(key, settings)).toEqual(action);
  });

  it('leads back by the same key', () => {
    expect(actionOf('2', { display: 'net', blockInBytes: false })).toEqual({ settings: { display: 'task' } });
    expect(actionOf('0', { display: 'task', blockInBytes: false })).toEqual({ settings: { display: 'task' } });
    expect(actionOf('B', { display: 'task', blockInBytes: true })).toEqual({ settings: { blockInBytes: false } });
  });
});

describe('orderAfter()', () => {
  it.each([
    ['up', 'id', { order: 'id', done: false }],
    ['up', 'cpu', { order: 'name', done: false }],
    ['down', 'blockwrrq', { order: 'blockwrrq', done: false }],
    ['3', 'cpu', { order: 'mem', done: true }],
    ['T', 'cpu', { order: 'time', done: true }],
    ['9', 'cpu', { order: 'cpu', done: false }],
    ['enter', 'cpu', undefined],
    ['q', 'cpu', undefined],
  ] as const)('%s', (key, order, next) => {
    expect(orderAfter(key, order)).toEqual(next);
  });
});

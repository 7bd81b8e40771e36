import fs from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

const NOBODY = 4194305; // above the largest pid

let store: TempStore;
let sweep: typeof import('../../../src/store/sweep.ts');
let lock: typeof import('../../../src/store/lock.ts');
beforeEach(async () => {
  store = tempStore();
  sweep = await import('../../../src/store/sweep.ts');
  lock = await import('../../../src/store/lock.ts');
  for (const folder of ['etc/libvirt/lxc', 'run/libvirt/lxc']) fs.mkdirSync(store.at(folder), { recursive: true });
});
afterEach(() => store.remove());

const write = (...files: string[]): void => {
  for (const file of files) fs.writeFileSync(store.at(file), '');
};
const files = (): string[] =>
  ['etc', 'run'].flatMap((top) => fs.readdirSync(store.at(`${top}/libvirt/lxc`)).map((name) => `${top} ${name}`));

it('sweepStore() removes what dead writers left, and nothing of living ones', () => {
  write(`etc/libvirt/lxc/.${NOBODY}.0.new`, `run/libvirt/lxc/.${NOBODY}.12.new`, `run/libvirt/lxc/.${process.pid}.1.new`);
  write('etc/libvirt/lxc/.other.new', 'etc/libvirt/lxc/vm1.xml');
  sweep.sweepStore();
  expect(files().sort()).toEqual(['etc .other.new', 'etc vm1.xml', `run .${process.pid}.1.new`]);
});

it('sweepStore() removes the locks of domains that are not there, unless somebody holds them', () => {
  write('etc/libvirt/lxc/defined.xml', 'run/libvirt/lxc/running.xml');
  write(...['defined', 'running', 'gone', 'held'].map((name) => `run/libvirt/lxc/${name}.lock`), 'run/libvirt/lxc/.lock');
  const held = lock.lockDomain('held');
  sweep.sweepStore();
  held[Symbol.dispose]();
  expect(files().sort()).toEqual([
    'etc defined.xml',
    'run .lock',
    'run defined.lock',
    'run held.lock',
    'run running.lock',
    'run running.xml',
  ]);
});

it('sweepStore() has nothing to do in a store that is not there yet', () => {
  fs.rmSync(store.at('etc'), { recursive: true });
  fs.rmSync(store.at('run'), { recursive: true });
  sweep.sweepStore();
  expect(fs.readdirSync(store.prefix)).toEqual([]);
});

it('tryLockDomain() gives nothing while somebody has the lock, and the lock afterwards', () => {
  const held = lock.lockDomain('vm1');
  expect(lock.tryLockDomain('vm1')).toBeUndefined();
  held[Symbol.dispose]();
  const mine = lock.tryLockDomain('vm1');
  expect(mine).toBeDefined();
  mine!.retire();
  expect(files()).toEqual([]);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../helpers/eventually.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

const NOBODY = 4194305; // above the largest pid

let store: TempStore;
let lock: typeof import('../../../src/store/lock.ts');
let definitions: typeof import('../../../src/store/definitions.ts');
let networks: typeof import('../../../src/store/networks.ts');
let status: typeof import('../../../src/store/live-status.ts');
const FOLDERS = ['etc/libvirt/lxc', 'run/libvirt/lxc', 'etc/libvirt/qemu/networks', 'run/libvirt/network', 'var/lib/libvirt/dnsmasq'];
const PORTS = 'run/libvirt/network/net1/ports';
beforeEach(async () => {
  store = tempStore();
  lock = await import('../../../src/store/lock.ts');
  definitions = await import('../../../src/store/definitions.ts');
  networks = await import('../../../src/store/networks.ts');
  status = await import('../../../src/store/live-status.ts');
  for (const folder of FOLDERS) fs.mkdirSync(store.at(folder), { recursive: true });
});
afterEach(() => store.remove());

const write = (...files: string[]): void => {
  for (const file of files) fs.writeFileSync(store.at(file), '');
};
const files = (folder: string): string[] => fs.readdirSync(store.at(folder)).sort();

it('whoever writes in a folder removes what dead writers left there, and nothing of living ones', () => {
  fs.mkdirSync(store.at(PORTS), { recursive: true });
  const actions: [string, () => void, string[]][] = [
    ['etc/libvirt/lxc', () => definitions.writeDefinition('vm1', ''), ['vm1.xml']],
    ['run/libvirt/lxc', () => status.writeEnd('vm1', 'shutdown'), ['vm1.end']],
    ['etc/libvirt/qemu/networks', () => networks.writeNetworkDefinition('net1', ''), ['net1.xml']],
    ['run/libvirt/network', () => networks.writeNetworkStatus('net1', ''), ['net1', 'net1.xml']],
    [PORTS, () => networks.writePort('net1', 'uuid', ''), ['uuid.xml']],
    ['var/lib/libvirt/dnsmasq', () => networks.writePublicFile(networks.macsFile('br0'), ''), ['br0.macs']],
  ];
  for (const [folder] of actions) write(`${folder}/.${NOBODY}.0.new`, `${folder}/.${process.pid}.7.new`, `${folder}/.other.new`);
  for (const [folder, action, expected] of actions) {
    action();
    expect(files(folder)).toEqual([`.${process.pid}.7.new`, '.other.new', ...expected].sort());
  }
});

it('a writer that nobody has waited for yet is dead', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 100'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const zombie = String(await once(parent.stdout, 'data')).trim();
    await eventually(() => /\) Z /.test(fs.readFileSync(`/proc/${zombie}/stat`, 'latin1')));
    write(`etc/libvirt/lxc/.${zombie}.0.new`);
    definitions.writeDefinition('vm1', '');
    expect(files('etc/libvirt/lxc')).toEqual(['vm1.xml']);
  } finally {
    parent.kill();
  }
});

it('whoever removes a definition does so, too', () => {
  write(`etc/libvirt/lxc/.${NOBODY}.0.new`, 'etc/libvirt/lxc/vm1.xml');
  definitions.removeDefinition('vm1');
  expect(files('etc/libvirt/lxc')).toEqual([]);
});

it("whoever takes a domain's lock removes those that nobody has", () => {
  const folder = 'run/libvirt/lxc';
  write(`${folder}/dead.lock`, `${folder}/.lock`, `${folder}/a.xml`);
  fs.mkdirSync(store.at(`${folder}/folder.lock`));
  const other = fs.openSync(store.at(`${folder}/living.lock`), 'w');
  const held = lock.lockDomain('living');
  const mine = lock.lockDomain('vm1');
  expect(files(folder)).toEqual(['a.xml', 'folder.lock', 'living.lock', 'vm1.lock']);
  mine[Symbol.dispose]();
  held[Symbol.dispose]();
  fs.closeSync(other);
  expect(files(folder)).toEqual(['a.xml', 'folder.lock']);
});

it("whoever takes a network's lock leaves those that nobody has to who repairs their networks", async () => {
  const folder = 'run/libvirt/network';
  write(`${folder}/dead.lock`, `${folder}/a.xml`);
  const mine = lock.lockNetwork('net1');
  expect((await import('../../../src/store/network-locks.ts')).networkLockNames().sort()).toEqual(['dead', 'net1']);
  expect(lock.tryLockNetwork('net1')).toBeUndefined();
  lock.tryLockNetwork('dead')?.[Symbol.dispose]();
  mine[Symbol.dispose]();
  expect(files(folder)).toEqual(['a.xml']);
});

it('tryLockDomain() gives nothing while somebody has the lock, and the lock afterwards', () => {
  const held = lock.lockDomain('vm1');
  expect(lock.tryLockDomain('vm1')).toBeUndefined();
  held[Symbol.dispose]();
  const mine = lock.tryLockDomain('vm1');
  expect(mine).toBeDefined();
  mine![Symbol.dispose]();
  expect(files('run/libvirt/lxc')).toEqual([]);
});

it('a lock whose file was removed by hand does not take away the one that came after it', () => {
  const first = lock.lockDomain('vm1');
  fs.rmSync(store.at('run/libvirt/lxc/vm1.lock'));
  const second = lock.lockDomain('vm1');
  first[Symbol.dispose]();
  expect(lock.tryLockDomain('vm1')).toBeUndefined();
  second[Symbol.dispose]();
});

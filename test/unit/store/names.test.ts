// Whatever a domain or a network is called: its files are nobody else's.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TempStore, tempStore, tree } from '../../helpers/temp-store.ts';

let store: TempStore;
let definitions: typeof import('../../../src/store/definitions.ts');
let networks: typeof import('../../../src/store/networks.ts');
let autostart: typeof import('../../../src/store/autostart.ts');
let status: typeof import('../../../src/store/live-status.ts');
let lock: typeof import('../../../src/store/lock.ts');
let paths: typeof import('../../../src/store/paths.ts').paths;
beforeEach(async () => {
  store = tempStore();
  definitions = await import('../../../src/store/definitions.ts');
  networks = await import('../../../src/store/networks.ts');
  autostart = await import('../../../src/store/autostart.ts');
  status = await import('../../../src/store/live-status.ts');
  lock = await import('../../../src/store/lock.ts');
  ({ paths } = await import('../../../src/store/paths.ts'));
});
afterEach(() => store.remove());

const ENDINGS = ['', '.xml', '.pid', '.lock', '.end', '.log', '.new', '.ports', '.domain-pid', '.conf', '.macs'];
const WORDS = ['a', 'driver', 'autostart', 'autostarted', 'events', 'ports', '.1.0', '.', '..', ''];
const NAMES = WORDS.flatMap((word) => ENDINGS.map((ending) => word + ending)).filter((name) => name !== '');

it('domains', () => {
  for (const folder of [paths.definitions, paths.run]) fs.mkdirSync(folder, { recursive: true });
  const shared = [paths.driverLock, paths.autostarted, paths.events];
  for (const file of shared) fs.writeFileSync(file, path.basename(file));
  NAMES.forEach((name, i) => {
    using _lock = lock.lockDomain(name);
    definitions.writeDefinition(name, `<domain ${name}`);
    definitions.setAutostartLink(name, true);
    status.writeStatus(name, `status ${name}`, i + 2);
    if (i % 2 === 0) status.writeEnd(name, 'crashed');
  });
  const found = (of: readonly string[]) => [...of].sort();
  expect([definitions.definedNames(), definitions.autostartNames(), status.statusNames()].map(found)).toEqual(Array(3).fill(found(NAMES)));
  NAMES.forEach((name, i) => {
    expect(definitions.readDefinition(name)).toBe(`<domain ${name}`);
    expect(status.readStatus(name)?.document).toBe(`status ${name}`);
    expect(status.readPid(name)).toBe(i + 2);
    expect(status.readEnd(name)).toBe(i % 2 === 0 ? 'crashed' : 'unknown');
  });
  for (const name of NAMES) {
    definitions.removeDefinition(name);
    status.removeStatus(name);
    status.removeEnd(name);
  }
  expect(shared.map((file) => fs.readFileSync(file, 'utf8'))).toEqual(shared.map((file) => path.basename(file)));
  expect(Object.keys(tree(paths.run)).sort()).toEqual(shared.map((file) => path.basename(file)).sort());
});

it.each([
  ['in order', NAMES],
  ['in reverse', [...NAMES].reverse()],
])('networks, %s', (_order, names) => {
  networks.makeNetworkDirectories();
  autostart.isFirstOfBoot(paths.networkAutostarted);
  fs.writeFileSync(paths.networkEvents, 'events');
  for (const name of names) {
    using _lock = lock.lockNetwork(name);
    networks.writeNetworkDefinition(name, `<network ${name}`);
    networks.writePort(name, 'uuid', `port ${name}`);
    networks.writeNetworkStatus(name, `status ${name}`);
    fs.writeFileSync(networks.dnsmasqFiles(name).pidFile, `pid ${name}`);
  }
  const found = (of: readonly string[]) => [...of].sort();
  expect([networks.definedNetworks(), networks.networkStatusNames()].map(found)).toEqual(Array(2).fill(found(names)));
  names.forEach((name, i) => {
    expect(networks.readNetworkDefinition(name)).toBe(`<network ${name}`);
    expect(networks.readNetworkStatus(name)).toBe(`status ${name}`);
    expect(fs.readFileSync(networks.dnsmasqFiles(name).pidFile, 'utf8')).toBe(`pid ${name}`);
    expect(networks.networkPorts(name)).toEqual(['uuid']);
    if (i % 2 === 0) networks.removeAllPorts(name);
  });
  names.forEach((name, i) => {
    expect([name, networks.readPort(name, 'uuid')]).toEqual([name, i % 2 === 0 ? undefined : `port ${name}`]);
    networks.removeAllPorts(name);
    networks.removeNetworkStatus(name);
    networks.removeFiles(networks.dnsmasqFiles(name).pidFile);
  });
  expect(Object.keys(tree(paths.networkRun)).sort()).toEqual(['.ports/', 'autostarted', 'events.log']);
});

it('a folder that an older release made for a network with such a name is that one still', () => {
  fs.mkdirSync(`${paths.networkRun}/a.xml/ports`, { recursive: true });
  networks.writePort('a.xml', 'uuid', 'port');
  expect(fs.existsSync(`${paths.networkRun}/a.xml/ports/uuid.xml`)).toBe(true);
  expect(networks.readNetworkStatus('a')).toBeUndefined();
});

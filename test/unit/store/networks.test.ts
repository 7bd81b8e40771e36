import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let networks: typeof import('../../../src/store/networks.ts');
beforeEach(async () => {
  store = tempStore();
  networks = await import('../../../src/store/networks.ts');
});
afterEach(() => store.remove());

it('the files of a bridge lie in their folder, whatever a definition calls it', () => {
  const folder = store.at('var/lib/libvirt/dnsmasq');
  expect([networks.leasesFile('virbr0'), networks.macsFile('virbr0')]).toEqual([`${folder}/virbr0.status`, `${folder}/virbr0.macs`]);
  for (const name of ['../../../../etc/x', 'a/b', '/'])
    for (const file of [networks.leasesFile(name), networks.macsFile(name)]) expect(path.dirname(file)).toBe(folder);
});

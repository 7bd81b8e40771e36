import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatStoredNetwork } from '../../../src/network/stored.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';
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

describe('a definition that is damaged', () => {
  it.each(['', '<netw', 'words'])('keeps no other from being found, nor itself from being listed: %j', async (damage) => {
    const lookup = await import('../../../src/store/network-lookup.ts');
    networks.writeNetworkDefinition('aa', damage);
    const good = parseNetwork("<network><name>n</name><bridge name='virbr7'/></network>", { randomUuid: () => UUID });
    networks.writeNetworkDefinition('n', formatStoredNetwork(good));
    expect(lookup.findNetworkByUuid(UUID.toUpperCase())).toMatchObject({ name: 'n', uuid: UUID, active: false, bridge: 'virbr7' });
    expect(lookup.findNetworkByUuid(UUID.replace('3', '4'))).toBeUndefined();
    expect(lookup.findNetwork('aa')).toMatchObject({ name: 'aa', uuid: '', persistent: true });
    expect([...lookup.bridgesBeside('new')]).toEqual(['virbr7']);
    expect([...lookup.bridgesBeside('n')]).toEqual([]);
  });
});

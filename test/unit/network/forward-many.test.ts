// Many elements of <forward> cost in proportion to their number.
import process from 'node:process';
import { expect, it } from 'vitest';
import { parseNetwork } from '../../../src/network/parse.ts';
import { testHost } from '../domain/test-host.ts';

const INTERFACES = (n: number): string => Array.from({ length: n }, (_, i) => `<interface dev='eth${i}'/>`).join('');
const ADDRESSES = (n: number): string =>
  Array.from(
    { length: n },
    (_, i) => `<address type='pci' domain='0x${(i >> 8).toString(16)}' bus='0x${(i & 255).toString(16)}' slot='0x00' function='0x0'/>`,
  ).join('');

it.each([
  ['interface', 'bridge', INTERFACES, 2000],
  ['address', 'hostdev', ADDRESSES, 500],
] as const)('<%s>', (_element, mode, elements, count) => {
  const costOf = (n: number): number => {
    const xml = `<network><name>n</name><forward mode='${mode}'>${elements(n)}</forward></network>`;
    const begin = process.cpuUsage();
    const { forward } = parseNetwork(xml, testHost());
    const { user, system } = process.cpuUsage(begin);
    expect(forward.interfaces.length + forward.addresses.length).toBe(n);
    return user + system;
  };
  costOf(count); // the compiler's part
  const few = Math.min(costOf(count), costOf(count), costOf(count));
  const many = Math.min(costOf(20 * count), costOf(20 * count));
  expect(many / few).toBeLessThan(80); // 20 times the elements: 20 times as much, where all pairs would be 400
});

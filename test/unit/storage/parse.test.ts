import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolDefinition } from '../../../src/storage/definition.ts';
import { formatPool, formatPoolState, formatStoredPool, formatVolume } from '../../../src/storage/format.ts';
import { parsePool, parsePoolState, parseVolume } from '../../../src/storage/parse.ts';

const UUID = '9e3ec13b-c1ce-4a36-8708-a24881e678c5';
const parse = (xml: string): PoolDefinition => parsePool(xml, () => UUID);
const pool = (inside: string, type = 'dir'): string => `<pool type='${type}'>${inside}</pool>`;

describe('parsePool()', () => {
  it('reads what formatPool() and its kin write', () => {
    const word = fc.stringMatching(/^[^\p{C}\p{Z}/]{1,20}$/u);
    const permissions = fc.record(
      { mode: fc.nat(0o7777), owner: fc.nat(4_294_967_294), group: fc.nat(4_294_967_294), label: word },
      { requiredKeys: [] },
    );
    const pools = fc.record({ name: word, uuid: fc.constant(UUID), path: word.map((text) => `/${text}`), permissions });
    fc.assert(
      fc.property(pools, (definition) => {
        expect(parse(formatPool(definition))).toEqual(definition);
        expect(parse(formatStoredPool(definition))).toEqual(definition);
        expect(parsePoolState(formatPoolState(definition))).toEqual(definition);
      }),
    );
  });

  it('makes paths plain', () => {
    expect(parse(pool('<name>a</name><target><path>//var///lib/</path></target>')).path).toBe('/var/lib');
    expect(parse(pool('<name>a</name><target><path>/</path></target>')).path).toBe('/');
  });

  it.each([
    ['<pool/>', "XML error: Missing required attribute 'type' in element 'pool'"],
    [pool('', 'nosuch'), "XML error: Invalid value for attribute 'type' in element 'pool': 'nosuch'."],
    [pool('<name>a</name>', 'fs'), "unsupported configuration: storage pools of type 'fs' are not supported, those of type 'dir' are"],
    [pool('<target><path>/a</path></target>'), 'XML error: missing pool source name element'],
    [pool('<name>a/b</name>'), "XML error: name a/b cannot contain '/'"],
    [pool('<name>a</name><uuid>zz</uuid>'), 'XML error: malformed uuid element'],
    [pool('<name>a</name>'), 'XML error: missing storage pool target path'],
    [pool('<name>a</name><target><path>a</path></target>'), "XML error: storage pool target path 'a' is not absolute"],
    [pool('<name>a</name><target><path>/a</path><permissions><mode>999</mode></permissions></target>'), 'XML error: malformed octal mode'],
    [
      pool('<name>a</name><target><path>/a</path><permissions><owner>4294967295</owner></permissions></target>'),
      'XML error: malformed owner element',
    ],
    ['<volume/>', 'XML error: unexpected root element <volume>, expecting <pool>'],
  ])('refuses %s', (xml, message) => {
    expect(() => parse(xml)).toThrow(message);
  });
});

describe('parseVolume()', () => {
  it('has defaults', () => {
    expect(parseVolume("<volume><name>v</name><capacity unit='K'>3</capacity></volume>")).toEqual({
      name: 'v',
      capacity: 3072n,
      allocation: 3072n,
      format: 'raw',
      permissions: {},
    });
    expect(parseVolume("<volume type='dir'><name>v</name></volume>").format).toBe('dir');
  });

  it('reads what formatVolume() writes of one that is to be like it', () => {
    const times = { atime: 1_500_000_000n, mtime: 2_000_000_000n, ctime: 0n, btime: 0n };
    const permissions = { mode: 0o640, owner: 3, group: 4 };
    const backing = { path: '/b', format: 'raw', file: undefined };
    const xml = formatVolume({
      ...{ name: 'v&', type: 'file', path: '/p/v&', format: 'qcow2', capacity: 10n, allocation: 5n, physical: 7n },
      ...{ permissions, times, backing },
    });
    expect(parseVolume(xml)).toEqual({
      name: 'v&',
      capacity: 10n,
      allocation: 5n,
      format: 'qcow2',
      permissions,
      backing: { path: '/b', format: 'raw' },
    });
    expect(xml).toContain('<atime>1.500000000</atime>\n      <mtime>2</mtime>');
  });

  it.each([
    ['<volume><capacity>1</capacity></volume>', 'XML error: missing volume name element'],
    ['<volume><name>v</name></volume>', 'XML error: missing capacity element'],
    ['<volume><name>v</name><capacity>-1</capacity></volume>', "XML error: Invalid value '-1' for element or attribute './capacity[1]'"],
    [
      "<volume><name>v</name><capacity>1</capacity><target><format type='x'/></target></volume>",
      'unsupported configuration: unknown volume format type x',
    ],
    [
      "<volume><name>v</name><capacity>1</capacity><target><format type='qcow2'/><compat>1.1,x=/y</compat></target></volume>",
      "XML error: forbidden characters in 'compat' attribute",
    ],
    [
      "<volume><name>v</name><capacity>1</capacity><target><format type='qcow2'/><features><data_file/></features></target></volume>",
      'XML error: unsupported feature data_file',
    ],
  ])('refuses %s', (xml, message) => {
    expect(() => parseVolume(xml)).toThrow(message);
  });
});

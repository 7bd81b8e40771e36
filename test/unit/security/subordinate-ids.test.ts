import { describe, expect, it } from 'vitest';
import { fromOwn, idRanges } from '../../../src/security/subordinate-ids.ts';

describe('idRanges()', () => {
  it.each<[string, string, number[]]>([
    ['the ranges of virsh-lxc', 'bob:100000:65536\nvirsh-lxc:200000:131072\n', [200000, 265536]],
    ['all its entries', 'virsh-lxc:200000:65536\nroot:900000:65536\nvirsh-lxc:400000:65536', [200000, 400000]],
    ['those of root where it has none', 'root:1000000:65536\n0:2000000:65536\n', [1000000, 2000000]],
    ['none that are too short', 'virsh-lxc:200000:65535\nvirsh-lxc:300000:131071\n', [300000]],
    ['none of the host’s own users', 'root:0:196608\n', [65536, 131072]],
    ['none beyond the last id', 'root:4294901759:65536\nroot:4294836224:4294967295\n', [4294901759, 4294836224]],
    ['each once', 'root:100000:65536\nroot:100000:65536\n', [100000]],
    ['nothing of what is no entry', '# root:1:2\nroot\nroot:x:65536\nroot:100000:-1\nroot:1e5:65536\n', []],
    ['nothing of another’s', 'virsh:100000:65536\nrooty:100000:65536\n', []],
    ['nothing of an empty file', '', []],
  ])('finds %s', (_, text, expected) => {
    expect(idRanges(text)).toEqual(expected);
  });
});

describe('fromOwn()', () => {
  const uuid = (end: string) => `00000000-0000-0000-0000-0000${end}`;

  it('begins with the one that the uuid says, and has all', () => {
    expect(fromOwn([1, 2, 3], uuid('00000000'))).toEqual([1, 2, 3]);
    expect(fromOwn([1, 2, 3], uuid('00000005'))).toEqual([3, 1, 2]);
    expect(fromOwn([1, 2, 3], uuid('ffffffff'))).toEqual([1, 2, 3]);
  });

  it('has nothing of nothing', () => {
    expect(fromOwn([], uuid('00000000'))).toEqual([]);
  });
});

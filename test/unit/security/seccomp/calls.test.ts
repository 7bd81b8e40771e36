// The numbers of system calls, as the headers of each machine have them.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { type Abi, CALL_NAMES, callNumbers, X32_BIT } from '../../../../src/security/seccomp/calls.ts';
import { compareWithC, type Value } from '../../../helpers/c-values.ts';

/** Calls that Debian 12's headers are too old for. */
const NEWER = ['__NR_open_tree_attr'];

const isX64 = process.arch === 'x64';
const SOURCES: [Abi, readonly string[], string][] = [
  ['x86_64', ['asm/unistd.h'], isX64 ? 'cc' : 'x86_64-linux-gnu-gcc'],
  ['i386', ['asm/unistd_32.h'], isX64 ? 'cc' : 'x86_64-linux-gnu-gcc'],
  ['aarch64', ['asm/unistd.h'], isX64 ? 'aarch64-linux-gnu-gcc' : 'cc'],
  ['arm', ['asm/unistd.h'], 'arm-linux-gnueabihf-gcc'],
];
const isMissing = (compiler: string): boolean => spawnSync(compiler, ['--version']).error !== undefined;

describe('the numbers of system calls', () => {
  for (const [abi, headers, compiler] of SOURCES) {
    const missing = isMissing(compiler);
    it.skipIf(missing)(`are those of the headers for ${abi}${missing ? ` (skipped: no ${compiler})` : ''}`, () => {
      const known = CALL_NAMES.flatMap((name): [string, Value][] =>
        callNumbers(name, abi)
          .slice(0, 1)
          .map((number) => [`__NR_${name}`, number]),
      );
      const { differ, unknown } = compareWithC(headers, new Map(known), compiler);
      expect({ differ, unknown: unknown.filter((name) => !NEWER.includes(name)) }).toEqual({ differ: [], unknown: [] });
      // and what has no number here has none there
      const none = CALL_NAMES.filter((name) => callNumbers(name, abi).length === 0);
      expect(compareWithC(headers, new Map(none.map((name) => [`__NR_${name}`, -1])), compiler).unknown.sort()).toEqual(
        none.map((name) => `__NR_${name}`).sort(),
      );
    });
  }

  const compiler = SOURCES[0]![2];
  const missing = isMissing(compiler);
  it.skipIf(missing)(`are those of the headers for x32${missing ? ` (skipped: no ${compiler})` : ''}`, () => {
    const x32 = CALL_NAMES.flatMap((name): [string, Value][] =>
      callNumbers(name, 'x86_64')
        .slice(-1)
        .map((number) => [`__NR_${name}`, X32_BIT + number]),
    );
    const { differ, unknown } = compareWithC(['asm/unistd.h', 'asm/unistd_x32.h'], new Map(x32), compiler);
    // Those that x32 never had are counted as x86_64 has them.
    const neverHad = ['__NR_uselib', '__NR_create_module', '__NR_get_kernel_syms', '__NR_query_module', '__NR_nfsservctl', '__NR__sysctl'];
    expect(differ.map((text) => text.split(' ')[0]).filter((name) => !neverHad.includes(name!))).toEqual([]);
    expect(unknown.filter((name) => !NEWER.includes(name))).toEqual([]);
  });
});

// Numbers of the kernel's and the C library's interfaces, wherever they stand in the sources: as the headers have them, and once.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it, vi } from 'vitest';
import { compareWithC, type Value } from '../../helpers/c-values.ts';
import { ROOT, suite } from '../../helpers/requires.ts';

/** No compiler takes all of them at once: the kernel's and the C library's own of one subject exclude each other. */
const HEADERS = [
  [
    ...['fcntl.h', 'poll.h', 'sched.h', 'signal.h', 'spawn.h', 'errno.h', 'limits.h', 'netdb.h', 'termios.h', 'sys/ioctl.h', 'sys/mount.h'],
    'linux/memfd.h',
    ...['sys/personality.h', 'sys/prctl.h', 'sys/socket.h', 'sys/stat.h', 'sys/file.h', 'sys/auxv.h', 'linux/close_range.h'],
    ...['sys/inotify.h', 'sys/wait.h'],
    ...[
      'linux/keyctl.h',
      'linux/loop.h',
      'linux/nbd.h',
      'linux/nsfs.h',
      'linux/openat2.h',
      'linux/seccomp.h',
      'linux/bpf.h',
      'linux/capability.h',
    ],
  ],
  ['linux/mount.h', 'linux/sched.h', 'asm/unistd.h'],
  [
    ...['sys/socket.h', 'linux/netlink.h', 'linux/rtnetlink.h', 'linux/if.h', 'linux/if_link.h', 'linux/if_addr.h', 'linux/veth.h'],
    ...[
      'linux/audit.h',
      'linux/neighbour.h',
      'linux/pkt_sched.h',
      'linux/pkt_cls.h',
      'linux/netfilter/nfnetlink.h',
      'linux/netfilter/nf_tables.h',
    ],
  ],
];

/** What no header of these has, of all. */
function compare(values: ReadonlyMap<string, Value>, compiler?: string): { differ: string[]; unknown: string[] } {
  const comparisons = HEADERS.map((headers) => compareWithC(headers, values, compiler));
  const unknown = [...values.keys()].filter((name) => comparisons.every((one) => one.unknown.includes(name)));
  return { differ: comparisons.flatMap(({ differ }) => differ), unknown };
}

/** Every `const NAME = NUMBER` of the sources, with the files that it stands in. */
function literals(): Map<string, { value: number; files: string[] }> {
  const found = new Map<string, { value: number; files: string[] }>();
  for (const folder of ['src', 'lib-native'])
    for (const name of fs
      .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))) {
      const text = fs.readFileSync(path.join(ROOT, folder, name), 'utf8');
      for (const [, constant, number] of text.matchAll(
        /^\s*(?:export )?const ([A-Z][A-Z0-9]*_?[A-Z0-9_]*) = (-?(?:0[xo])?[0-9a-f_]+(?: << \d+)?);/gm,
      )) {
        const [base, shift = '0'] = number!.replaceAll('_', '').split(' << ');
        const value = Number(base) * 2 ** Number(shift);
        const known = found.get(constant!);
        if (known) known.files.push(`${folder}/${name}`);
        else found.set(constant!, { value, files: [`${folder}/${name}`] });
      }
    }
  return found;
}

/** Words of ours that look like the kernel's. */
const OUR_OWN = new Set(['MS_PER_USER_TICK', 'MS_PER_TICK', 'CLONE_FAILED']);

suite('numbers of the kernel', ['cc'], () => {
  /** constants.ts as it is on a machine of this kind. */
  async function constants(arch: string): Promise<Map<string, Value>> {
    const original = process.arch;
    Object.defineProperty(process, 'arch', { value: arch });
    vi.resetModules();
    try {
      const { SYS, syscallName: _, ...named } = await import('../../../lib-native/constants.ts');
      const calls = Object.entries(SYS).filter(([, number]) => number >= 0);
      return new Map<string, Value>([...Object.entries(named), ...calls.map(([name, number]) => [`__NR_${name}`, number] as const)]);
    } finally {
      Object.defineProperty(process, 'arch', { value: original });
    }
  }

  const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };
  for (const [arch, cross] of Object.entries(COMPILERS)) {
    const compiler = arch === process.arch ? 'cc' : cross;
    const isMissing = spawnSync(compiler, ['--version']).error !== undefined;
    it.skipIf(isMissing)(`are those of the headers for ${arch}${isMissing ? ` (skipped: no ${compiler})` : ''}`, async () => {
      expect(compare(await constants(arch), compiler)).toEqual({ differ: [], unknown: [] });
    });
  }

  it('are those of the headers where they stand beside what uses them', () => {
    const found = literals();
    for (const name of OUR_OWN) found.delete(name);
    const { differ, unknown } = compare(new Map([...found].map(([name, { value }]) => [name, value])));
    expect(differ).toEqual([]);
    const kernels = [...found.keys()].filter((name) => !unknown.includes(name));
    expect(kernels).toEqual(
      expect.arrayContaining(['RTM_NEWLINK', 'IFLA_ADDRESS', 'BPF_PROG_LOAD', 'TCGETS', 'NFTA_TABLE_NAME', 'SIGKILL']),
    );
    // What looks like one of a family is one of it: a slip of a name is not taken for a word of ours.
    const family =
      /^(?:AF|AT|BPF|CLONE|F|IFA|IFF|IFLA|LO|LOOP|MS|MSG|NDA|NETLINK|NFNL|NFTA|NLA|NLM|NLMSG|NS_GET|O|POSIX_SPAWN|PR|RTA|RTM|RTN|SO|SOL|TC|TCA|TIOC)_/;
    expect(unknown.filter((name) => family.test(name))).toEqual([]);
    expect(kernels.filter((name) => found.get(name)!.files.length > 1).map((name) => [name, found.get(name)!.files])).toEqual([]);
  });
});

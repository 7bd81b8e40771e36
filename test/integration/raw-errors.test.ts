// What the machine refuses is told in libvirt's words, whatever it is, and a store that cannot be written to can be read.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, it } from 'vitest';
import { holdAt } from '../helpers/kill-points.ts';
import { requires, suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';

/** The engine's own words: codes, names of calls, where in the program. */
const RAW = /\bE[A-Z]{2,}\b|, (open|read|write|scandir|mkdir|spawn)\b|node:|^ {4}at |ERR_/m;

suite('a command', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const inShell = (script: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `${script}; exec "$@"`, 'sh', virsh.command, ...args], {
      encoding: 'utf8',
      env: virsh.env,
      cwd: virsh.prefix,
    });
    return { status, stdout, stderr };
  };

  it('that only reads does so in a store that nobody can write to', () => {
    const name = virsh.boot();
    const off = virsh.define();
    const readOnly = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(
        'unshare',
        ['-m', 'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', virsh.prefix, virsh.command, ...args],
        { encoding: 'utf8', env: virsh.env, cwd: '/' },
      );
      return { status, stdout, stderr };
    };
    for (const args of [
      ['list', '--all'],
      ['dominfo', name],
      ['dominfo', off],
      ['domstate', name],
      ['dumpxml', off],
      ['net-list', '--all'],
    ])
      expect([args, readOnly(...args)]).toEqual([args, { status: 0, stdout: expect.any(String), stderr: '' }]);
    expect(readOnly('net-list', '--all').stdout.trim().split('\n')).toHaveLength(2);
    const net = virsh.file('n.xml', '<network><name>n</name></network>');
    virsh.ok('net-define', net);
    for (const args of [
      ['start', off],
      ['autostart', off],
      ['undefine', off],
      ['suspend', name],
      ['net-define', net],
    ])
      expect([args, errorLines(readOnly(...args).stderr)]).toEqual([
        args,
        [expect.any(String), expect.stringMatching(/: Read-only file system$/)],
      ]);
    virsh.ok('net-undefine', 'n');
  });

  it('that may open few files works, or says so', () => {
    const name = virsh.define();
    // Below that the engine itself does not come to its first line.
    for (let limit = 20; limit <= 60; limit += 4) {
      for (const args of [
        ['list', '--all'],
        ['start', name],
        ['destroy', name],
      ]) {
        const { status, stderr } = inShell(`ulimit -n ${limit}`, ...args);
        expect([limit, args, stderr]).not.toEqual([limit, args, expect.stringMatching(RAW)]);
        if (status !== 0)
          expect([limit, args, stderr]).toEqual([limit, args, expect.stringMatching(/Too many open files\n*$|domain is not running\n$/)]);
      }
    }
  });

  it('that enters a container which ends meanwhile says that it does not run', async (context) => {
    if (requires('strace') !== undefined) context.skip();
    const name = virsh.boot();
    const init = virsh.initPid(name);
    const held = await holdAt(virsh, { file: `/proc/${init}/cgroup` }, 'lxc-enter-namespace', name, '--', '/bin/true');
    process.kill(init, 'SIGKILL');
    const { status, stderr } = await held.ended;
    expect([status, errorLines(stderr)]).toEqual([1, ['Requested operation is not valid: domain is not running']]);
  });
});

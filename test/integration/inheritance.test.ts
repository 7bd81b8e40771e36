// What a container has of whoever starts it, or enters it: nothing that a process inherits beside ids, descriptors and variables.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { COMMAND, useVirsh } from '../helpers/virsh.ts';

/** A caller with as much as it can have of its own, and a descriptor that is easily overlooked. */
const CALLER = `
import ctypes, os, resource, sys
call = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try: action()
    except (OSError, ValueError): pass
os.dup2(os.open('/root', os.O_RDONLY), 251)
os.umask(0)
attempt(lambda: os.nice(-5))
attempt(lambda: open('/proc/self/oom_score_adj', 'w').write('-500'))
attempt(lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)))
attempt(lambda: open('/proc/self/coredump_filter', 'w').write('0x7f'))
resource.setrlimit(resource.RLIMIT_FSIZE, (123456789, resource.RLIM_INFINITY))
call.personality(0x0040000)
call.prctl(29, 1000000, 0, 0, 0)
call.prctl(28, 0x4, 0, 0, 0)
call.syscall(30 if '${process.arch}' == 'arm64' else 251, 1, 0, (1 << 13) | 1)
os.execv('${COMMAND}', ['${COMMAND}'] + sys.argv[1:])
`;

const ORDINARY = {
  umask: '0022',
  nice: '0',
  policy: '0',
  oom: '0',
  personality: '00000000',
  slack: '50000',
  dumps: '00000033',
  fileSize: 'unlimited',
};

suite('what a container inherits', ['root', 'built', 'busybox', 'fuse', 'python3'], () => {
  const virsh = useVirsh();

  function called(...args: string[]) {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', CALLER, ...args], {
      cwd: virsh.prefix,
      encoding: 'utf8',
      env: virsh.env,
    });
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout;
  }

  function factsOf(pid: number) {
    const read = (file: string) => fs.readFileSync(`/proc/${pid}/${file}`, 'latin1').trim();
    const fields = read('stat')
      .replace(/^.*\) /, '')
      .split(' ');
    return {
      umask: /^Umask:\s+(\d+)/m.exec(read('status'))![1],
      nice: fields[16],
      policy: fields[38],
      oom: read('oom_score_adj'),
      personality: read('personality'),
      slack: read('timerslack_ns'),
      dumps: read('coredump_filter'),
      fileSize: /^Max file size\s+(\S+)/m.exec(read('limits'))![1],
    };
  }

  it.each([
    ['root of the host', ''],
    [
      'mapped ids',
      "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap><features><privnet/></features>",
    ],
  ])('with %s is nothing of its caller', (_, more) => {
    const name = virsh.define({ more });
    called('start', name);
    expect(factsOf(virsh.initPid(name))).toEqual(ORDINARY);
    expect(factsOf(virsh.controllerPid(name))).toEqual(ORDINARY);
    const command = called(
      '-q',
      'lxc-enter-namespace',
      name,
      '--',
      '/bin/cat',
      '/proc/self/status',
      '/proc/self/personality',
      '/proc/self/stat',
    );
    expect(/^Umask:\s+(\d+)/m.exec(command)![1]).toBe('0022');
    expect(command).toMatch(/^00000000$/m);
    expect(/^\d+ \(cat\) (.*)$/m.exec(command)![1]!.split(' ')[16]).toBe('0');
  });

  it('holds nothing open that its caller has', () => {
    const name = virsh.define();
    called('start', name);
    const folder = `/proc/${virsh.controllerPid(name)}/fd`;
    expect(fs.readdirSync(folder).map((fd) => fs.readlinkSync(`${folder}/${fd}`))).not.toContain('/root');
  });

  it('a command that is entered for with nice(1) is still served after others', () => {
    const name = virsh.boot();
    const { stdout } = spawnSync('nice', ['-n', '7', COMMAND, '-q', 'lxc-enter-namespace', name, '--', '/bin/cat', '/proc/self/stat'], {
      cwd: virsh.prefix,
      encoding: 'utf8',
      env: virsh.env,
    });
    expect(stdout.replace(/^.*\) /, '').split(' ')[16]).toBe(String(os.getPriority() + 7));
  });

  it('no variable that steers our runtime comes through, to it or to what it starts', () => {
    const name = virsh.define();
    const script = virsh.file('steer.js', `require('fs').writeFileSync('${virsh.path('steered')}', '')`);
    const seen = virsh.path('seen');
    const env = {
      BUN_OPTIONS: `--preload=${script}`,
      BUN_BE_BUN: '1',
      BUN_JSC_useJIT: '1',
      NODE_OPTIONS: `--require=${script}`,
      EDITOR: `env >${seen}; true`,
    };
    expect(virsh.runWith({ env }, 'edit', name).stderr).toBe('');
    expect(fs.readFileSync(seen, 'utf8')).not.toMatch(/^(BUN|NODE|MIMALLOC)_/m);
    expect(fs.existsSync(virsh.path('steered'))).toBe(false);
  });
});

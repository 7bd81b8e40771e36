// What a container gets to see of the programs that start it and enter it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeProgram } from '../helpers/c-program.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { COMMAND, useVirsh } from '../helpers/virsh.ts';

const CONTROLLER = path.join(path.dirname(COMMAND), '../dist/libvirt_lxc');
const IDMAP = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>";
const ENTERS = 40;

suite('a container that watches', ['root', 'built', 'busybox', 'fuse', 'programs'], () => {
  const virsh = useVirsh();

  function rootWithWatcher(): string {
    const root = makeRoot(fs.mkdtempSync(virsh.path('watched-')));
    fs.chmodSync(root, 0o777);
    makeProgram('watcher', root);
    return root;
  }

  it.each([
    ['root of the host', ''],
    ['mapped ids', `${IDMAP}<features><privnet/></features>`],
  ])('with %s sees no process with more than its own rights while commands are entered', async (_, more) => {
    const root = rootWithWatcher();
    const found = path.join(root, 'found');
    fs.writeFileSync(found, '');
    fs.chmodSync(found, 0o666);
    const { mode } = fs.statSync(CONTROLLER);
    const name = virsh.boot({ root, more, init: ['/bin/sh', '-c', '/bin/watcher 600 >/found 2>&1'] });
    await eventually(() => expect(fs.readFileSync(found, 'utf8')).toContain('watching'));
    for (let i = 0; i < ENTERS; i++) virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/true');
    const finds = new Set(fs.readFileSync(found, 'utf8').trim().split('\n'));
    const modeAfter = fs.statSync(CONTROLLER).mode;
    fs.chmodSync(CONTROLLER, mode);
    expect({ finds: [...finds], mode: modeAfter }).toEqual({ finds: ['watching'], mode });
  });
});

suite('no way out of a container', ['root', 'built', 'busybox', 'fuse', 'python3', 'setpriv'], () => {
  const virsh = useVirsh();

  it('runs neither init nor a command with capabilities that the caller would hand down', () => {
    const withInheritable = (...args: string[]) =>
      spawnSync('setpriv', ['--inh-caps', '+sys_module,+sys_time', COMMAND, ...args], {
        cwd: virsh.prefix,
        encoding: 'utf8',
        env: virsh.env,
      });
    const name = virsh.define();
    expect(withInheritable('start', name).status).toBe(0);
    const { stdout } = withInheritable(
      '-q',
      'lxc-enter-namespace',
      name,
      '--',
      '/bin/grep',
      '-h',
      'CapInh',
      '/proc/1/status',
      '/proc/self/status',
    );
    expect(stdout).toBe('CapInh:\t0000000000000000\n'.repeat(2));
  });

  it("has none of the caller's keys", () => {
    const name = virsh.define({ level: 'libvirt' }); // any other sees none at all
    const script = `
import ctypes, subprocess, sys
call = ctypes.CDLL(None, use_errno=True).syscall
add_key, keyctl = (217, 219) if '${process.arch}' == 'arm64' else (248, 250)
assert call(keyctl, 1, 0) > 0
key = call(add_key, b'user', b'${name}-key', b'x', 1, -3)
assert key > 0
assert call(keyctl, 5, key, 0x3f000000) == 0
subprocess.run(['${COMMAND}', 'start', '${name}'], check=True, stdout=subprocess.DEVNULL)
print(open('/proc/keys').read().count('${name}-key'))
sys.stdout.flush()
subprocess.run(['${COMMAND}', '-q', 'lxc-enter-namespace', '${name}', '--', '/bin/sh', '-c', 'grep -c ${name}-key /proc/keys; true'], check=True)
`;
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { cwd: virsh.prefix, encoding: 'utf8', env: virsh.env });
    expect({ stdout, stderr }).toEqual({ stdout: '1\n0\n', stderr: '' });
  });

  it('starts in no directory of the host, whatever the link in its root says', { timeout: 60_000 * SLOWNESS }, async () => {
    const root = makeRoot(fs.mkdtempSync(virsh.path('hostile-')));
    for (let fd = 0; fd < 48; fd++) {
      fs.rmSync(path.join(root, 'work'), { force: true });
      fs.symlinkSync(`/proc/self/fd/${fd}`, path.join(root, 'work'));
      fs.rmSync(path.join(root, 'seen'), { force: true });
      const name = virsh.define({ root, os: '<initdir>/work</initdir>', init: ['/bin/sh', '-c', '/bin/busybox pwd -P >/seen 2>&1'] });
      virsh.run('start', name);
      await eventually(() => virsh.ok('domstate', name).trim() === 'shut off');
      const seen = fs.existsSync(path.join(root, 'seen')) ? fs.readFileSync(path.join(root, 'seen'), 'utf8') : '/';
      expect(`${fd}: ${seen}`).toMatch(/^\d+: \//); // outside there is no path to it
    }
  });
});

// While a libvirt daemon has the store: what needs none of it works, everything else says how to get it back.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';

/** Holds the driver's lock as libvirt does, under the name that the program has. */
const HOLD = `import fcntl, os, sys, time
lock = open(sys.argv[1], 'r+')
fcntl.lockf(lock, fcntl.LOCK_EX)
lock.write('%d\\n' % os.getpid())
lock.flush()
print('held', flush=True)
time.sleep(1000)`;

suite('while a libvirt daemon runs', ['root', 'built', 'python3'], () => {
  const virsh = useVirsh();
  let daemon: ChildProcess;
  beforeEach(async () => {
    const lock = virsh.file('run/libvirt/lxc/driver.pid', '');
    const program = virsh.path('libvirtd');
    fs.symlinkSync('/usr/bin/python3', program);
    // comm is the name that is executed.
    daemon = spawn(program, ['-c', HOLD, lock], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(daemon.stdout!, 'data');
  });
  afterEach(async () => {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await ended;
    for (const file of ['libvirtd', 'run/libvirt/lxc/driver.pid']) fs.rmSync(virsh.path(file));
  });

  it.each(
    [
      'version',
      'uri',
      'capabilities',
      'nodeinfo',
      'hostname',
      'nodecpumap',
      'nodecpustats',
      'nodememstats',
      'freecell',
      'iface-list',
      'nodedev-list',
      'secret-list',
      'echo x',
      'help list',
    ].map((line) => [line]),
  )('%s works', (line) => {
    expect(virsh.run(...line.split(' '))).toMatchObject({ status: 0, stderr: '' });
  });

  it('what is refused anyway is refused for the same reason as ever', () => {
    expect(virsh.error('nodesevinfo')).toEqual([
      'Unable to get host SEV information',
      'this function is not supported by the connection driver: virNodeGetSEVInfo',
    ]);
    expect(virsh.error('pool-capabilities')[1]).toBe(
      'this function is not supported by the connection driver: virConnectGetStoragePoolCapabilities',
    );
    const conf = virsh.file('lxc.conf', 'lxc.utsname = n\nlxc.rootfs = /r\n');
    expect(virsh.ok('domxml-from-native', 'lxc-tools', conf)).toContain('<name>n</name>');
  });

  it.each(['list', 'pool-list', 'dumpxml a', 'define a.xml', 'start a', 'net-list', 'attach-disk a b vda --print-xml', 'snapshot-list a'])(
    '%s says who has it, and the way out',
    (line) => {
      expect(virsh.error(...line.split(' '))).toEqual([
        'failed to connect to the hypervisor',
        `Requested operation is not valid: the LXC driver of a running libvirtd (process ${daemon.pid}) has ${virsh.path('run/libvirt/lxc')}: ` +
          `stop it with 'kill ${daemon.pid}', or set VIRSH_LXC_PREFIX to a directory of your own`,
      ]);
    },
  );

  it('a line of commands goes on after those that need no store', () => {
    const { status, stdout, stderr } = virsh.run('-q', 'uri; list; hostname');
    expect([status, stdout.split('\n')[0], stdout.trim().split('\n').length, errorLines(stderr).length]).toEqual([0, 'lxc:///', 2, 2]);
  });
});

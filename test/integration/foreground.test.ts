import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { holdAt, pointsOf } from '../helpers/kill-points.ts';
import { requires, suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { type DomainOptions, useVirsh } from '../helpers/virsh.ts';

suite('start --foreground', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const OBEDIENT = 'trap "echo bye; exit 4" TERM; stty -onlcr; echo ready; while :; do sleep 0.1; done';
  const define = (script: string, options: DomainOptions = {}) => virsh.define({ init: ['/bin/sh', '-c', script], ...options });

  /** In the foreground, with what it has shown. */
  function begin(...args: string[]) {
    const child: ChildProcess = virsh.start({ stdio: ['ignore', 'pipe', 'pipe'] }, ...args);
    const seen = { child, stdout: '', stderr: '', closed: once(child, 'close') };
    child.stdout!.on('data', (data) => {
      seen.stdout += data;
    });
    child.stderr!.on('data', (data) => {
      seen.stderr += data;
    });
    return seen;
  }

  it.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['poweroff -f', 0],
  ])('shows the console of one that does %j, and exits as it did', async (script, status) => {
    const name = define(`stty -onlcr; seq 3; ${script}`);
    expect(virsh.run('start', '--foreground', name)).toEqual({ status, stdout: '1\n2\n3\n', stderr: '' });
    expect(virsh.state(name)).toBe('shut off (shutdown)');
  });

  it('shows the console of one that has ended before it could be waited for', async (context) => {
    if (requires('strace') !== undefined) context.skip();
    const name = define('stty -onlcr; seq 3; sleep 0.3; exit 7');
    const command = ['start', '--foreground', name];
    // What waits for the end takes the lock first, and again to see that there is no other run.
    const wait = pointsOf(virsh, ...command)
      .filter(({ call }) => /^flock\(.*LOCK_EX/.test(call))
      .at(-2)!;
    const held = await holdAt(virsh, wait, ...command);
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(await held.ended).toEqual({ status: 7, stdout: '1\n2\n3\n', stderr: '' });
  });

  it('shows all of a lot of output', () => {
    const { stdout } = virsh.run('start', '--foreground', define('stty -onlcr; seq 50000'));
    expect(stdout).toBe(Array.from({ length: 50000 }, (_, i) => `${i + 1}\n`).join(''));
  });

  it('stays with a container that is created, and knows a crash and destroy', async () => {
    const name = virsh.name();
    const file = virsh.file(`${name}.xml`, virsh.xml(name, { init: ['/bin/sh', '-c', 'exit 5'] }));
    expect(virsh.run('create', '--foreground', file)).toEqual({ status: 5, stdout: '', stderr: '' });
    const killed = virsh.define();
    const run = begin('start', '--foreground', killed);
    await virsh.waitForState(killed, 'running (booted)');
    process.kill(virsh.initPid(killed), 'SIGKILL');
    expect(await run.closed).toEqual([137, null]);
    const again = begin('start', '--foreground', killed);
    await virsh.waitForState(killed, 'running (booted)');
    virsh.ok('destroy', killed);
    expect(await again.closed).toEqual([137, null]);
  });

  it('shuts the container down on SIGTERM, and on ^C', async () => {
    const name = define(OBEDIENT);
    const run = begin('start', '--foreground', name);
    await eventually(() => run.stdout === 'ready\n');
    run.child.kill('SIGTERM');
    expect(await run.closed).toEqual([4, null]);
    expect(run).toMatchObject({ stdout: 'ready\nbye\n', stderr: '' });
    const terminal = onTerminal(virsh, 'start', '--foreground', name);
    await virsh.waitForState(name, 'running (booted)');
    await eventually(() => virsh.ok('logs', name).split('ready').length === 3);
    terminal.type('\x03');
    await terminal.ended(); // with the status of the shell around it, which was interrupted as well
    expect(virsh.state(name)).toBe('shut off (shutdown)');
    expect(virsh.ok('logs', name).split('bye')).toHaveLength(3);
    expect(terminal.shown()).toMatch(/^\^C/);
    expect(terminal.shown()).not.toContain('ready');
  });

  it('destroys one that does not shut down in time, or at a second signal; one that does not listen at once', async () => {
    const deaf = 'trap "echo no" TERM; stty -onlcr; echo ready; while :; do sleep 0.1; done';
    const name = define(deaf);
    const start = Date.now();
    const late = begin('start', '--foreground', '--stop-timeout', '1', name);
    await eventually(() => late.stdout === 'ready\n');
    late.child.kill('SIGTERM');
    expect(await late.closed).toEqual([137, null]);
    expect(late.stdout).toMatch(/^ready\n(no\n)+$/);
    expect(Date.now() - start).toBeGreaterThan(1000);
    const twice = begin('start', '--foreground', name);
    await eventually(() => twice.stdout === 'ready\n');
    twice.child.kill('SIGTERM');
    await eventually(() => twice.stdout.includes('no'));
    twice.child.kill('SIGTERM');
    expect(await twice.closed).toEqual([137, null]);
    const ignorant = virsh.define({ init: ['/bin/sleep', '1000'] });
    const once_ = begin('start', '--foreground', ignorant);
    await virsh.waitForState(ignorant, 'running (booted)');
    once_.child.kill('SIGTERM');
    expect(await once_.closed).toEqual([137, null]);
  });

  it('stays through reboots, by SIGHUP and from inside, and shows the console of each run', async () => {
    const name = define('stty -onlcr; trap "reboot -f" HUP TERM; echo ready; while ! test -e /mnt/end; do sleep 0.1; done; exit 9');
    const run = begin('start', '--foreground', name);
    await eventually(() => run.stdout === 'ready\n');
    const first = virsh.controllerPid(name);
    virsh.ok('reboot', name);
    await eventually(() => run.stdout === 'ready\nready\n');
    run.child.kill('SIGHUP');
    await eventually(() => run.stdout === 'ready\nready\nready\n');
    expect(virsh.controllerPid(name)).not.toBe(first);
    fs.writeFileSync(virsh.path('root/mnt/end'), '');
    expect(await run.closed).toEqual([9, null]);
    fs.rmSync(virsh.path('root/mnt/end'));
    expect(run.stderr).toBe('');
  });

  it('leaves a container alone whose output nobody reads any more', async () => {
    const name = define('stty -onlcr; echo ready; sleep 0.5; seq 100000; exit 6');
    const line = `${virsh.command} start --foreground ${name} | head -n 1; exit "\${PIPESTATUS[0]}"`;
    expect(spawnSync('bash', ['-c', line], { env: virsh.env, encoding: 'utf8' })).toMatchObject({ status: 6, stdout: 'ready\n' });
  });

  it('fails as start does, and with options that make no sense with it', () => {
    const name = virsh.boot();
    expect(virsh.error('start', '--foreground', name)).toEqual(['Domain is already active']);
    expect(virsh.error('start', '--foreground', '--console', name)).toEqual(['Options --foreground and --console are mutually exclusive']);
    expect(virsh.error('start', '--stop-timeout', '5', name)).toEqual(['Option --foreground is required by option --stop-timeout']);
    expect(virsh.run('start', '--foreground', virsh.define({ init: ['/none'] })).status).toBe(1);
  });
});

suite('start --foreground for a service manager', ['root', 'built', 'busybox', 'fuse', 'python3'], () => {
  const virsh = useVirsh();

  it('says when it is ready, and that it stops', async () => {
    const name = virsh.define({ init: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'] });
    const listener = [
      'import os, signal, socket, subprocess, sys',
      's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(30)',
      'path = sys.argv[1] if sys.argv[1][0] != "\\0" else "@" + sys.argv[1][1:]',
      'p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=path))',
      'print(s.recv(4096).decode().split("\\n")[0]); p.send_signal(signal.SIGTERM); print(s.recv(4096).decode()); print(p.wait())',
    ].join('\n');
    for (const at of [virsh.path('notify'), '@abstract']) {
      const address = at.startsWith('@') ? `"\\0${virsh.tag}"` : JSON.stringify(at);
      const script = listener.replaceAll('sys.argv[1]', address);
      const said = spawnSync('python3', ['-c', script, '-', virsh.command, 'start', '--foreground', name], {
        env: virsh.env,
        encoding: 'utf8',
      });
      expect({ at, stdout: said.stdout, stderr: said.stderr }).toEqual({ at, stdout: 'READY=1\nSTOPPING=1\n0\n', stderr: '' });
    }
  });
});

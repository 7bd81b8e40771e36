// How a container ended: state, reason, event, log.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('the end of a container', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const why = (name: string) => virsh.ok('domstate', name, '--why').trim();
  const lastEvent = () =>
    fs
      .readFileSync(virsh.path('run/libvirt/lxc/events.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .at(-1);

  it('by a signal that nobody here sent is a crash', async () => {
    const name = virsh.boot();
    process.kill(virsh.initPid(name), 'SIGKILL');
    await virsh.waitForState(name, 'shut off (crashed)');
    const text = 'init was killed by SIGKILL, which no command of virsh-lxc sent';
    expect(why(name)).toBe(`shut off (crashed): ${text}`);
    expect(virsh.log(name)).toContain(`: ended (crashed): ${text}\n`);
    expect(lastEvent()).toMatchObject({ kind: 'Stopped', detail: 'Crashed' });
    expect(virsh.ok('domstate', name)).toBe('shut off\n\n');
  });

  it('by such a signal is what on_crash is for', async () => {
    const name = virsh.boot({ more: '<on_poweroff>destroy</on_poweroff><on_crash>restart</on_crash>' });
    const before = virsh.controllerPid(name);
    process.kill(virsh.initPid(name), 'SIGKILL');
    await eventually(() => {
      expect(virsh.state(name)).toBe('running (booted)');
      expect(virsh.controllerPid(name)).not.toBe(before);
      return true;
    });
  });

  it('by send-process-signal is meant', async () => {
    const name = virsh.boot({ more: '<on_crash>restart</on_crash>' });
    virsh.ok('send-process-signal', name, '1', 'kill');
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(why(name)).toContain('sent by send-process-signal');
  });

  it('by the end of its memory is a crash that says so', async () => {
    const hog = ['/bin/sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'];
    const name = virsh.boot({
      init: hog,
      memoryKiB: 16384,
      more: '<memtune><swap_hard_limit unit="KiB">16384</swap_hard_limit></memtune>',
    });
    await virsh.waitForState(name, 'shut off (crashed)', 20_000);
    expect(why(name)).toMatch(/^shut off \(crashed\): init was killed by SIGKILL; out of memory, \d+ process(es were| was) killed$/);
  });

  it('by itself tells its exit status', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 0.1; exit 7'] });
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(why(name)).toBe('shut off (shutdown): init exited with status 7');
    expect(virsh.log(name)).toContain('ended (shutdown): init exited with status 7');
  });

  it('by destroy is told so, were the command killed on the way', () => {
    const name = virsh.boot();
    const controller = virsh.controllerPid(name);
    const startTime = fs.readFileSync(`/proc/${controller}/stat`, 'latin1').split(') ')[1]!.split(' ')[19]!;
    virsh.file(`run/libvirt/lxc/${name}.end`, `killed by destroy ${controller} ${startTime}\n`); // the last that such a command has done
    process.kill(controller, 'SIGKILL');
    virsh.run('start', '--paused', name);
    virsh.ok('destroy', name);
    expect(virsh.log(name)).toContain('ended (destroyed): by destroy');
    expect(virsh.log(name)).not.toContain('its controller was killed');
  });

  it('is one also where what it is to be started with is damaged', async () => {
    const name = virsh.boot({ more: '<on_crash>restart</on_crash>' });
    fs.writeFileSync(virsh.path(`etc/libvirt/lxc/${name}.xml`), '<domain type="lxc"><name>');
    process.kill(virsh.initPid(name), 'SIGKILL');
    await eventually(() => {
      expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [], mounts: [] });
      return true;
    });
    expect(fs.existsSync(virsh.path(`run/libvirt/lxc/${name}.xml`))).toBe(false);
    expect(virsh.log(name)).toMatch(/ended \(crashed\)[\s\S]*after the end of domain/);
  });

  it('of a controller that is told to end is a destruction, without a restart', async () => {
    const name = virsh.boot({ more: '<on_poweroff>restart</on_poweroff><on_crash>restart</on_crash>' });
    process.kill(virsh.controllerPid(name), 'SIGTERM');
    await virsh.waitForState(name, 'shut off (destroyed)');
  });

  it.each([4, 64])('before a start has returned, for want of memory, fails the start: %i KiB', (memoryKiB) => {
    const name = virsh.define({ memoryKiB, init: ['/bin/sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'] });
    const [context, reason] = virsh.error('start', name);
    expect(context).toBe(`Failed to start domain '${name}'`);
    expect(reason).toBe(
      `internal error: guest failed to start: Failure in libvirt_lxc startup: init was killed for memory: its limit is ${memoryKiB} KiB`,
    );
    expect(virsh.state(name)).toBe('shut off (failed)');
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
  });

  it('is not a limit below what is in use: it is refused, or processes are killed for it, and the log says so', async () => {
    const name = virsh.boot({
      init: [
        '/bin/sh',
        '-c',
        'x=aaaaaaaaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do x=$x$x; done; while :; do sleep 1; done',
      ],
      memoryKiB: 65536,
    });
    await eventually(() => Number(/rss (\d+)/.exec(virsh.ok('dommemstat', name))?.[1]) > 8000);
    const { status, stderr } = virsh.run('memtune', name, '--hard-limit', '1024');
    if (status === 0) expect(virsh.log(name)).toMatch(/: warning: \d+ of the container's processes (was|were) killed for memory/);
    else {
      expect(stderr).toMatch(/^error: Unable to change memory parameters\nerror: Unable to write to '.*': Device or resource busy\n/);
      expect(stderr).not.toContain('warning');
      expect(virsh.log(name)).toMatch(/: warning: the container uses \d+ KiB that cannot be freed: it cannot be limited to 1024 KiB\n/);
      expect(virsh.state(name)).toBe('running (booted)');
    }
  });
});

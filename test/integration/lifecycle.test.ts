import fs from 'node:fs';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';

const obeying = (virsh: Virsh, name: string): boolean => {
  const caught = BigInt(`0x${/^SigCgt:\s+(\w+)$/m.exec(fs.readFileSync(`/proc/${virsh.initPid(name)}/status`, 'utf8'))?.[1]}`);
  return (caught & HUP_AND_TERM) === HUP_AND_TERM;
};
const HUP_AND_TERM = 0x4001n;
/** An init that ends by itself when it is asked to, and the proof that it does by now. */
const OBEYS = ['/bin/sh', '-c', "trap 'exit 0' TERM; trap 'kill -9 -1; exec /bin/reboot -f' HUP; while :; do sleep 0.02; done"];

/** An init that soon dies of a fault of its own: from outside it could not be made to. */
const CRASHES = ['/bin/sh', '-c', 'ulimit -c 0; ulimit -s 128; sleep 0.1; f() { f; }; f'];

suite('a domain', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it('goes from being defined to being forgotten', () => {
    const name = virsh.name();
    const file = virsh.file('d.xml', virsh.xml(name));
    expect(virsh.ok('define', file)).toBe(`Domain '${name}' defined from ${file}\n\n`);
    expect(virsh.state(name)).toBe('shut off (unknown)');
    expect(virsh.ok('start', name)).toBe(`Domain '${name}' started\n\n`);
    expect(virsh.state(name)).toBe('running (booted)');
    expect(virsh.error('start', name)).toEqual(['Domain is already active']);
    const pid = virsh.controllerPid(name);
    expect(fs.readFileSync(virsh.path(`run/libvirt/lxc/${name}.pid`), 'utf8')).toBe(`${pid}\n`);
    expect(virsh.ok('destroy', name)).toBe(`Domain '${name}' destroyed\n\n`);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
    expect(virsh.error('destroy', name)).toEqual([
      `Failed to destroy domain '${name}'`,
      'Requested operation is not valid: domain is not running',
    ]);
    expect(virsh.ok('undefine', name)).toBe(`Domain '${name}' has been undefined\n\n`);
    expect(virsh.error('domstate', name)).toEqual([`failed to get domain '${name}'`]);
  });

  it('is waited for until it is off, not until it reboots', async () => {
    const name = virsh.boot({ init: OBEYS });
    await eventually(() => obeying(virsh, name));
    const wait = (...more: string[]) => virsh.begin('await', name, '--condition', 'domain-inactive', ...more);
    const inTime = wait();
    expect(await wait('--timeout', '1')).toEqual({ status: 2, stdout: 'event loop timed out\n\n', stderr: '' });
    virsh.ok('reboot', name);
    await virsh.waitForState(name, 'running (booted)');
    await eventually(() => obeying(virsh, name));
    expect(await Promise.race([inTime, wait('--timeout', '1')])).toMatchObject({ status: 2 });
    virsh.ok('shutdown', name);
    expect(await inTime).toEqual({ status: 0, stdout: '\n', stderr: '' });
    expect(virsh.state(name)).toBe('shut off (shutdown)');
    // At once for what is off; and for what dies with its controller, which tells nobody.
    expect(await wait()).toMatchObject({ status: 0 });
    virsh.ok('start', name);
    const end = wait();
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    expect(await end).toMatchObject({ status: 0 });
  });

  it('is waited for no longer than the user likes', async () => {
    const name = virsh.boot();
    const child = virsh.start({ stdio: ['ignore', 'pipe', 'ignore'] }, 'await', name, '--condition', 'domain-inactive');
    const output = text(child.stdout as Readable);
    const files = `/proc/${child.pid}/fd`;
    await eventually(() => fs.readdirSync(files).some((fd) => fs.readlinkSync(`${files}/${fd}`).includes('pidfd')));
    child.kill('SIGINT');
    expect(await output).toBe('event loop interrupted\n\n');
    expect(child.exitCode ?? (await new Promise((resolve) => child.on('exit', resolve)))).toBe(2);
  });

  it('is in its own groups from its first instruction on, its controller outside', () => {
    const name = virsh.boot();
    const group = `lxc-${virsh.controllerPid(name)}-${name}.libvirt-lxc`;
    const groupsOf = (pid: number) => fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    expect(groupsOf(virsh.initPid(name))).toContain(`/machine/${group}`);
    expect(groupsOf(virsh.controllerPid(name))).not.toContain(group);
  });

  it('ends when its init does', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 0.2'] });
    await virsh.waitForState(name, 'shut off (shutdown)');
  });

  it('is remembered as crashed when its init dies of its own fault', async () => {
    const name = virsh.boot({ init: CRASHES });
    await virsh.waitForState(name, 'shut off (crashed)');
  });

  it('ends when it is asked to shut down, if its init obeys', async () => {
    const name = virsh.boot({ init: OBEYS });
    await eventually(() => obeying(virsh, name));
    expect(virsh.ok('shutdown', name)).toBe(`Domain '${name}' is being shutdown\n\n`);
    await virsh.waitForState(name, 'shut off (shutdown)');
  });

  it('is destroyed although its init ignores every signal', () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', "trap '' TERM HUP INT; sleep 1000 & wait; sleep 1000"] });
    virsh.ok('destroy', name);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it('is destroyed with every process that it had, however far from init', () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', '(setsid sleep 1000 &); (setsid sh -c "sleep 1000; true" &) ; exec sleep 1000'] });
    virsh.ok('destroy', name);
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
  });

  it('is destroyed although its controller was stopped, which then ends too', async () => {
    const name = virsh.boot();
    const controller = Number(virsh.ok('domid', name));
    process.kill(controller, 'SIGSTOP');
    virsh.ok('destroy', name);
    await eventually(() => !fs.existsSync(`/proc/${controller}`));
  });

  it('starts again with another controller when its init reboots', async () => {
    const name = virsh.boot({ init: OBEYS });
    const before = virsh.controllerPid(name);
    await eventually(() => obeying(virsh, name));
    expect(virsh.ok('reboot', name)).toBe(`Domain '${name}' is being rebooted\n\n`);
    await eventually(() => {
      expect(virsh.state(name)).toBe('running (booted)');
      expect(virsh.controllerPid(name)).not.toBe(before);
      return true;
    });
    virsh.ok('destroy', name);
  });

  it.each([
    ['on_poweroff', ['/bin/sleep', '0.1'], 'shut off (shutdown)'],
    ['on_reboot', ['/bin/sh', '-c', 'sleep 0.1; exec reboot -f'], 'shut off (shutdown)'],
    ['on_crash', CRASHES, 'shut off (crashed)'],
  ])('obeys %s destroy', async (element, init, state) => {
    const name = virsh.boot({ init, more: `<${element}>destroy</${element}>` });
    await virsh.waitForState(name, state);
  });

  it.each([
    ['on_poweroff', ['/bin/sleep', '0.1']],
    ['on_reboot', ['/bin/sh', '-c', 'sleep 0.1; exec reboot -f']],
    ['on_crash', CRASHES],
  ])('starts again where %s says so', async (element, init) => {
    const others = ['on_poweroff', 'on_reboot', 'on_crash'].filter((other) => other !== element);
    const name = virsh.boot({
      init,
      more: `<${element}>restart</${element}>${others.map((other) => `<${other}>destroy</${other}>`).join('')}`,
    });
    const first = virsh.run('domid', name).stdout.trim();
    await eventually(() => {
      const id = virsh.run('domid', name).stdout.trim();
      return /^\d+$/.test(id) && id !== first;
    });
  });

  it('does not spin when an init that ends at once is to be started again', async () => {
    const counter = virsh.file('spins', '');
    const name = virsh.name();
    virsh.define(
      {
        init: ['/bin/sh', '-c', 'echo x >>/spins'],
        devices: `<filesystem type='mount'><source dir='${counter}'/><target dir='/spins'/></filesystem>`,
        more: '<on_poweroff>restart</on_poweroff>',
      },
      name,
    );
    const runs = (): number => fs.readFileSync(counter, 'utf8').length / 2;
    const begin = performance.now();
    virsh.ok('start', name);
    await eventually(() => runs() >= 3, 20_000);
    expect((performance.now() - begin) / (runs() - 1)).toBeGreaterThan(900); // a second between two of them
    virsh.run('destroy', name);
    await eventually(() => {
      virsh.run('destroy', name);
      return virsh.state(name).startsWith('shut off');
    });
  });

  it('that is transient exists only while it runs', async () => {
    const name = virsh.name();
    const file = virsh.file('d.xml', virsh.xml(name));
    expect(virsh.ok('create', file)).toBe(`Domain '${name}' created from ${file}\n\n`);
    expect(virsh.ok('list', '--transient', '--name')).toBe(`${name}\n\n`);
    expect(virsh.error('create', file)).toHaveLength(2);
    virsh.ok('destroy', name);
    expect(virsh.ok('list', '--all', '--name')).toBe('\n');
    expect(virsh.leftovers().files).toEqual([]);
  });

  it('becomes transient when it is undefined while it runs, and persistent when it is defined', () => {
    const name = virsh.boot();
    const flag = () => /^Persistent: +(\w+)$/m.exec(virsh.ok('dominfo', name))?.[1];
    const seen = [flag()];
    virsh.ok('undefine', name);
    seen.push(flag());
    const xml = virsh.file('again.xml', virsh.ok('dumpxml', '--inactive', name));
    virsh.ok('define', xml);
    seen.push(flag());
    expect(seen).toEqual(['yes', 'no', 'yes']);
    virsh.ok('destroy', name);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it('undefined while it runs keeps its configuration, whatever is changed meanwhile, until it ends', async () => {
    const name = virsh.boot({ more: '<on_poweroff>restart</on_poweroff>', init: OBEYS });
    await eventually(() => obeying(virsh, name));
    const before = virsh.ok('dumpxml', name, '--inactive');
    virsh.ok('undefine', name);
    const show = () => virsh.ok('dumpxml', name, '--inactive');
    expect(show()).toBe(before);
    virsh.ok('memtune', name, '--hard-limit', '60000', '--live');
    virsh.ok('suspend', name);
    virsh.ok('resume', name);
    expect([show(), /<hard_limit.*>60000</.test(virsh.ok('dumpxml', name))]).toEqual([before, true]);
    const first = virsh.controllerPid(name);
    virsh.ok('shutdown', name);
    await eventually(() => virsh.controllerPid(name) !== first, 15_000);
    expect(show()).toBe(before);
  });

  it('started paused has not executed its init before it is resumed', async () => {
    const touched = virsh.path('root/mnt/ran');
    const name = virsh.define({ init: ['/bin/sh', '-c', 'touch /mnt/ran; sleep 1000'] });
    virsh.ok('start', name, '--paused');
    expect(virsh.state(name)).toBe('paused (starting up)');
    expect(fs.existsSync(touched)).toBe(false);
    virsh.ok('resume', name);
    expect(virsh.state(name)).toBe('running (unpaused)');
    await eventually(() => fs.existsSync(touched));
    fs.rmSync(touched);
  });

  it('that is paused stands still, and can be destroyed', async () => {
    const ticking = (file: string): string[] => ['/bin/sh', '-c', `while :; do echo x >>/mnt/${file}; sleep 0.01; done`];
    const ticksOf = (file: string) => fs.statSync(virsh.path('root/mnt', file), { throwIfNoEntry: false })?.size ?? 0;
    const ticks = () => ticksOf('ticks');
    const name = virsh.boot({ init: ticking('ticks') });
    virsh.boot({ init: ticking('others') });
    await eventually(() => ticks() > 4);
    virsh.ok('suspend', name);
    expect(virsh.state(name)).toBe('paused (user)');
    const before = ticks();
    const others = ticksOf('others');
    await eventually(() => ticksOf('others') > others + 20);
    expect(ticks()).toBe(before);
    virsh.ok('resume', name);
    await eventually(() => ticks() > before);
    virsh.ok('suspend', name);
    virsh.ok('destroy', name);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
    for (const file of ['ticks', 'others']) fs.rmSync(virsh.path('root/mnt', file));
  });

  it('with autodestroy ends with the session that started it, even if that is killed', async () => {
    const name = virsh.define();
    virsh.ok(`start --autodestroy ${name}; domstate ${name}`);
    expect(virsh.state(name)).toBe('shut off (destroyed)');
    const session = virsh.start({ stdio: ['pipe', 'pipe', 'ignore'] });
    session.stdin!.write(`start --autodestroy ${name}\n`);
    await virsh.waitForState(name, 'running (booted)');
    session.kill('SIGKILL');
    await eventually(() => virsh.state(name).startsWith('shut off'));
  });

  it('with autodestroy ends with its connection, when its session goes on with another one', () => {
    const name = virsh.define();
    expect(virsh.ok(`start --autodestroy ${name}; connect lxc:///; domstate ${name} --reason`)).toContain('shut off (destroyed)');
  });

  it('with autodestroy is nobody else’s: what others start in its place stays', async () => {
    const name = virsh.define();
    const session = virsh.start({ stdio: ['pipe', 'pipe', 'ignore'] });
    const output = text(session.stdout!);
    session.stdin!.write(`start --autodestroy ${name}\n`);
    await virsh.waitForState(name, 'running (booted)');
    virsh.ok('destroy', name);
    virsh.ok('start', name);
    session.stdin!.end('quit\n');
    await output;
    await new Promise((resolve) => (session.exitCode === null ? session.on('exit', resolve) : resolve(undefined)));
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('with autodestroy ends with its session after it was rebooted, too', async () => {
    const name = virsh.define({
      init: ['/bin/sh', '-c', "trap 'exit 0' HUP; while :; do sleep 0.1; done"],
      more: '<on_poweroff>restart</on_poweroff>',
    });
    const session = virsh.start({ stdio: ['pipe', 'pipe', 'ignore'] });
    const output = text(session.stdout!);
    session.stdin!.write(`start --autodestroy ${name}\n`);
    await virsh.waitForState(name, 'running (booted)');
    const before = virsh.ok('domid', name);
    virsh.ok('reboot', name);
    await eventually(() => virsh.state(name) === 'running (booted)' && virsh.ok('domid', name) !== before);
    session.stdin!.end('quit\n');
    await output;
    await eventually(() => virsh.state(name).startsWith('shut off'));
  });

  it('with autodestroy ends with its session that is killed after it was rebooted, twice, too', async () => {
    const name = virsh.define({
      init: ['/bin/sh', '-c', "trap 'exit 0' HUP; while :; do sleep 0.02; done"],
      more: '<on_poweroff>restart</on_poweroff>',
    });
    const session = virsh.start({ stdio: ['pipe', 'pipe', 'ignore'] });
    session.stdin!.write(`start --autodestroy ${name}\n`);
    await virsh.waitForState(name, 'running (booted)');
    for (const how of ['reboot', 'reboot']) {
      const before = virsh.ok('domid', name);
      virsh.ok(how, name);
      await eventually(() => virsh.state(name) === 'running (booted)' && virsh.ok('domid', name) !== before, 10_000 * SLOWNESS);
    }
    session.kill('SIGKILL');
    await virsh.waitForState(name, 'shut off (destroyed)');
  });

  it('leaves no dead controller in the table of processes of a session that starts many', async () => {
    const names = [virsh.define(), virsh.define(), virsh.define()];
    const session = virsh.start({ stdio: ['pipe', 'ignore', 'ignore'] });
    for (const name of names) {
      session.stdin!.write(`start ${name}; destroy ${name}\n`);
      await virsh.waitForState(name, 'shut off (destroyed)');
    }
    const children = fs.readFileSync(`/proc/${session.pid}/task/${session.pid}/children`, 'latin1').split(' ').filter(Boolean);
    expect(children.length).toBeLessThan(2);
    session.stdin!.end();
  });

  it('passes descriptors to init', async () => {
    const name = virsh.define({ init: ['/bin/sh', '-c', 'echo from inside >&3; ls /proc/self/fd >&4; sleep 1000'] });
    const first = fs.openSync(virsh.path('first'), 'w');
    const second = fs.openSync(virsh.path('second'), 'w');
    const child = virsh.start({ stdio: ['ignore', 'ignore', 'ignore', first, second] }, 'start', name, '--pass-fds', '3,4');
    await new Promise((resolve) => child.on('close', resolve));
    await eventually(() => fs.readFileSync(virsh.path('second'), 'utf8') !== '');
    expect(fs.readFileSync(virsh.path('first'), 'utf8')).toBe('from inside\n');
    // 0 to 4, and the folder that ls itself reads
    expect(fs.readFileSync(virsh.path('second'), 'utf8').trim().split('\n').map(Number)).toEqual([0, 1, 2, 3, 4, 5]);
    fs.closeSync(first);
    fs.closeSync(second);
  });

  it('keeps no copy of a descriptor that it passed', async () => {
    const name = virsh.define({ init: ['/bin/sh', '-c', 'echo from inside >&3; exec 3>&-; sleep 1000'] });
    const child = virsh.start({ stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }, 'start', name, '--pass-fds', '3');
    expect(await text(child.stdio[3] as Readable)).toBe('from inside\n'); // to the end of the file
    expect(virsh.state(name)).toBe('running (booted)');
  });
});

// Containers whose files are a trap for commands that look into them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { makeProgram } from '../helpers/c-program.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { within } from '../helpers/within.ts';

/** An init that ends when it is asked to. */
const OBEYS = "trap 'exit 0' TERM";
const FOREVER = 'while :; do sleep 0.05; done';
const DEVICE = '/dev/loop-control';

suite('files of a container that are a trap', ['root', 'built', 'busybox', 'fuse', 'programs', 'loop'], () => {
  const virsh = useVirsh();

  function hostileRoot(): string {
    const root = makeRoot(fs.mkdtempSync(virsh.path('hostile-')));
    fs.chmodSync(root, 0o755);
    fs.mkdirSync(path.join(root, 'run'));
    makeProgram('fuse-server', root);
    execFileSync('mknod', ['-m', '666', path.join(root, 'fuse'), 'c', '10', '229']);
    return root;
  }

  /** A container whose `init` serves a file system that never answers, as soon as it does. */
  async function bootHanging(init: string) {
    const root = hostileRoot();
    const name = virsh.boot({ root, init: ['/bin/sh', '-c', init] });
    await eventually(() => fs.existsSync(path.join(root, 'up')));
    return { name, root };
  }

  const inTime = <T>(limitMs: number, action: () => T): T => within(virsh, limitMs, action);

  it.each(['shutdown', 'reboot'])('do not hang %s', async (command) => {
    const { name } = await bootHanging(`trap 'exit 0' TERM HUP; /bin/fuse-server /fuse /run & ${FOREVER}`);
    inTime(4000, () => virsh.ok(command, name));
    await virsh.waitForState(name, 'shut off (shutdown)');
  });

  it('do not hang guestinfo and domfsinfo', async () => {
    const { name } = await bootHanging(`/bin/fuse-server /fuse /etc & ${FOREVER}`);
    expect(inTime(4000, () => virsh.error('guestinfo', name, '--os'))[0]).toMatch(/^Timed out during operation: cannot read /);
    expect(inTime(4000, () => virsh.ok('domfsinfo', name))).toMatch(/^ \/etc .*fuse/m);
    expect(inTime(4000, () => virsh.ok('guestinfo', name, '--hostname'))).toMatch(/^hostname {12}: /);
    inTime(2000, () => virsh.ok('destroy', name));
  });

  it('do not hang attach-device, whose node is made where the container had its devices', async () => {
    const { name, root } = await bootHanging(`/bin/fuse-server /fuse /dev & ${FOREVER}`);
    const file = virsh.file('d.xml', `<hostdev mode='capabilities' type='misc'><source><char>${DEVICE}</char></source></hostdev>`);
    inTime(4000, () => virsh.ok('attach-device', name, file));
    inTime(4000, () => virsh.ok('detach-device', name, file));
    inTime(2000, () => virsh.ok('destroy', name));
    expect(fs.readdirSync(path.join(root, 'dev'))).toEqual([]);
  });

  it('do not hang attach-device of a file system, which comes to nothing then', async () => {
    const { name, root } = await bootHanging(`/bin/fuse-server /fuse /run & ${FOREVER}`);
    const data = fs.mkdtempSync(virsh.path('data-'));
    for (const target of ['/run/data', '/run', '/link/data']) {
      const file = virsh.file('fs.xml', `<filesystem><source dir='${data}'/><target dir='${target}'/></filesystem>`);
      if (target.startsWith('/link')) fs.symlinkSync('/run', path.join(root, 'link'));
      expect(inTime(4000, () => virsh.error('attach-device', name, file))[1]).toMatch(/: Connection timed out$/);
      expect(virsh.ok('dumpxml', name)).not.toContain(data);
      expect(fs.readFileSync(`/proc/${virsh.initPid(name)}/mountinfo`, 'utf8')).not.toContain(data);
    }
    inTime(2000, () => virsh.ok('destroy', name));
  });

  it('get no device on the disk, whatever the container has mounted on its /dev', () => {
    const root = hostileRoot();
    const name = virsh.boot({ root });
    virsh.inside(name, 'mount -o bind /tmp /dev');
    const file = virsh.file('d.xml', `<hostdev mode='capabilities' type='misc'><source><char>${DEVICE}</char></source></hostdev>`);
    virsh.ok('attach-device', name, file);
    expect(fs.readdirSync(path.join(root, 'tmp'))).toEqual([]);
    virsh.inside(name, 'umount /dev');
    expect(virsh.inside(name, `stat -c %F ${DEVICE}`).trim()).toBe('character special file');
    virsh.ok('detach-device', name, file);
    expect(virsh.inside(name, `ls ${DEVICE}`)).toBe('');
  });

  it.each([
    ['looks into its own file system', 'itself'],
    ['has hidden that', 'hidden'],
  ])('do not keep a container alive whose init %s', async (_, mode) => {
    const { name } = await bootHanging(`exec /bin/fuse-server /fuse /mnt ${mode}`);
    inTime(2000, () => virsh.ok('destroy', name));
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it('do not keep a container alive whose init waits for another process', async () => {
    const { name } = await bootHanging('/bin/fuse-server /fuse /mnt & while ! [ -d /up ]; do sleep 0.01; done; exec ls /mnt/x');
    await eventually(() => fs.readFileSync(`/proc/${virsh.initPid(name)}/comm`, 'utf8') === 'ls\n');
    inTime(2000, () => virsh.ok('destroy', name));
  });

  it("are taken down, but no file system that is somebody else's", async () => {
    const outside = hostileRoot();
    const server = spawn('chroot', [outside, '/bin/fuse-server', '/fuse', '/mnt'], { stdio: 'ignore' });
    await eventually(() => fs.existsSync(path.join(outside, 'up')));
    const waiter = spawn('stat', [path.join(outside, 'mnt/x')], { stdio: 'ignore' });
    await eventually(() => /fuse|request_wait/.test(fs.readFileSync(`/proc/${waiter.pid}/wchan`, 'latin1')));
    execFileSync('umount', ['-l', path.join(outside, 'mnt')]); // now in no mount table, like that of the container
    const { name } = await bootHanging('exec /bin/fuse-server /fuse /mnt hidden');
    virsh.run('destroy', name); // where the kernel does not tell who serves what, nobody can be certain, and it is not ended
    expect(fs.readFileSync(`/proc/${waiter.pid}/wchan`, 'latin1')).toMatch(/fuse|request_wait/);
    server.kill('SIGKILL');
    await once(waiter, 'close');
    if (virsh.state(name) !== 'shut off (destroyed)') virsh.ok('destroy', name);
  });

  it('keep no command from being interrupted that they do not let be executed', async () => {
    const { name } = await bootHanging(`/bin/fuse-server /fuse /mnt & ${FOREVER}`);
    const command = virsh.start({ detached: true, stdio: 'ignore' }, 'lxc-enter-namespace', name, '--', '/mnt/x');
    const ended = once(command, 'close');
    const init = virsh.initPid(name);
    const isEntered = (pid: string) => {
      try {
        const isOurs = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('libvirt_lxc\0--enter');
        return isOurs && fs.readlinkSync(`/proc/${pid}/ns/pid`) === fs.readlinkSync(`/proc/${init}/ns/pid`);
      } catch {
        return false;
      }
    };
    await eventually(() => fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && isEntered(pid)));
    process.kill(-command.pid!, 'SIGINT');
    expect(await ended).toEqual([1, null]);
    inTime(2000, () => virsh.ok('destroy', name));
  });

  /** Whether the file is opened while `action` runs. */
  async function isOpened(root: string, file: string, action: () => void): Promise<boolean> {
    const watcher = spawn(path.join(root, 'bin/fuse-server'), ['watch', path.join(root, file)]);
    let said = '';
    watcher.stdout.on('data', (data) => {
      said += data;
    });
    await eventually(() => said.includes('watching'));
    action();
    fs.closeSync(fs.openSync(path.join(root, file), 'r')); // the last event: those before it are told by then
    await eventually(() => said.includes('opened'));
    watcher.kill();
    await once(watcher, 'close');
    return said.match(/opened/g)!.length > 1;
  }

  it('are not opened by shutdown if they are devices, and not by the look for a user', async () => {
    const root = hostileRoot();
    for (const file of ['run/initctl', 'etc/passwd']) {
      fs.rmSync(path.join(root, file), { force: true });
      execFileSync('mknod', ['-m', '666', path.join(root, file), 'c', '1', '3']);
    }
    const name = virsh.boot({ root, init: ['/bin/sh', '-c', `${OBEYS}; touch /up; ${FOREVER}`] });
    await eventually(() => fs.existsSync(path.join(root, 'up')));
    expect(await isOpened(root, 'run/initctl', () => virsh.ok('shutdown', name, '--wait', String(20 * SLOWNESS)))).toBe(false);
    const other = virsh.define({ root, os: '<inituser>user</inituser>' });
    const start = () => expect(virsh.error('start', other)[1]).toContain("User user doesn't exist");
    expect(await isOpened(root, 'etc/passwd', start)).toBe(false);
  });

  it('are passed over by shutdown where a pipe is full', async () => {
    const root = hostileRoot();
    const fill = 'mkfifo /run/initctl; exec 3<>/run/initctl; dd if=/dev/zero of=/run/initctl bs=4096 count=16; touch /up';
    const name = virsh.boot({ root, init: ['/bin/sh', '-c', `${OBEYS}; ${fill}; ${FOREVER}`] });
    await eventually(() => fs.existsSync(path.join(root, 'up')));
    virsh.ok('shutdown', name);
    await virsh.waitForState(name, 'shut off (shutdown)');
  });
});

import fs from 'node:fs';
import { expect, it } from 'vitest';
import { requires, suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';

const NOBODY = { uid: 65534, gid: 65534 };

suite('what cannot be done', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const startup = (reason: string): string => `internal error: guest failed to start: Failure in libvirt_lxc startup: ${reason}`;

  it.each([
    ['is not there', ['/no/such/init'], "cannot find init path '/no/such/init' relative to container root: No such file or directory"],
    ['is not executable', ['/etc/passwd'], "cannot execute init '/etc/passwd': Permission denied"],
    ['is a folder', ['/bin'], "cannot execute init '/bin': Permission denied"],
    ['is no program', ['/mnt/noise'], "cannot execute init '/mnt/noise': Exec format error"],
    ['has an interpreter that is not there', ['/mnt/script'], "cannot execute init '/mnt/script': No such file or directory"],
  ])('a start whose init %s says so at once', (_, init, reason) => {
    fs.writeFileSync(`${virsh.root}/mnt/noise`, 'noise', { mode: 0o755 });
    fs.writeFileSync(`${virsh.root}/mnt/script`, '#!/no/such\n', { mode: 0o755 });
    const name = virsh.define({ init });
    expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, startup(reason)]);
    expect(virsh.state(name)).toBe('shut off (failed)');
    for (const file of ['noise', 'script']) fs.rmSync(`${virsh.root}/mnt/${file}`);
  });

  it('a start whose folder for init is not there ends in its log', async () => {
    const name = virsh.boot({ os: '<initdir>/no/such</initdir>' });
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(virsh.log(name)).toContain('No such file or directory');
  });

  it.each([
    ['is not there', '/no/such/root', "Failed to access '/no/such/root': No such file or directory"],
    ['is a file', '/etc/passwd', "Failed to access '/etc/passwd': Not a directory"],
  ])('a start whose root %s says so', (_, root, reason) => {
    const name = virsh.define({ root });
    expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, startup(reason)]);
  });

  it.each([
    [
      'file system',
      "<filesystem type='mount'><source dir='/no/such'/><target dir='/mnt'/></filesystem>",
      "Failed to access '/no/such': No such file or directory",
    ],
    [
      'image',
      "<filesystem type='file'><source file='/no/such'/><target dir='/mnt'/></filesystem>",
      'Unable to open /no/such: No such file or directory',
    ],
    [
      'block device',
      "<filesystem type='block'><source dev='/dev/no-such'/><target dir='/mnt'/></filesystem>",
      "Path '/dev/no-such' is not accessible: No such file or directory",
    ],
    [
      'volume',
      "<filesystem type='volume'><source pool='p' volume='v'/><target dir='/mnt'/></filesystem>",
      'unsupported configuration: Cannot mount filesystem type volume',
    ],
    [
      'device',
      "<hostdev mode='capabilities' type='misc'><source><char>/dev/no-such</char></source></hostdev>",
      'Unable to access /dev/no-such: No such file or directory',
    ],
  ])('a start with a %s that is not there says so', (_, devices, reason) => {
    const name = virsh.define({ devices });
    expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, startup(reason)]);
  });

  it.each([
    ["type='nbd'", 'An explicit disk format must be specified'],
    ["type='loop' format='qcow2'", 'fs format qcow2 is not supported'],
    ["type='ploop' format='raw'", 'fs driver ploop is not supported'],
  ])('an image with a driver that containers do not have is refused: %s', (driver, reason) => {
    const image = virsh.file('image', 'QFI');
    const devices = `<filesystem type='file'><driver ${driver}/><source file='${image}'/><target dir='/mnt'/></filesystem>`;
    const name = virsh.define({ devices });
    expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, startup(`unsupported configuration: ${reason}`)]);
  });

  it('an emulator that is not there is told of', () => {
    const name = virsh.define({ devices: '<emulator>/no/such/emulator</emulator>' });
    expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, expect.stringContaining('/no/such/emulator')]);
  });

  it.each(['a/b', '../../tmp/x', '/etc/passwd', '.', '..', ''])('a domain cannot be called %j', (name) => {
    const file = virsh.file('d.xml', virsh.xml(name));
    const outcome = virsh.run('define', file);
    if (outcome.status === 0) virsh.run('undefine', name);
    expect(outcome.status).toBe(name === '.' || name === '..' ? outcome.status : 1);
    expect(fs.existsSync(virsh.path('tmp/x.xml'))).toBe(false);
    expect(virsh.leftovers().files).toEqual([]);
  });

  it.each(['# nothing', 'nosuch', ''])('the line %j is in the log before what is said of it', (line) => {
    for (const level of ['0', '1']) expect(virsh.run('-d', level, line).stdout).toMatch(new RegExp(`^commands: "${line}"\n`));
    expect(virsh.run('-d', '2', line).stdout).not.toContain('commands');
  });

  it('of several mistakes the one that libvirt names', () => {
    const name = virsh.define();
    expect(virsh.error('blkiotune', name, '--device-weights', 'x', '--device-read-iops-sec', 'y')).toEqual([
      'Unable to change blkio parameters',
      "invalid argument: unable to parse blkio device 'device_read_iops_sec' 'y'",
    ]);
    expect(virsh.error('detach-interface', name, 'bridge', '--print-xml')).toEqual(['No interface found whose type is bridge']);
    expect(virsh.error('detach-interface', name, 'bridge', '--print-xml', '--config')).toEqual([
      'No interface found whose type is bridge',
      'Failed to detach interface',
    ]);
    const host = ['--source-protocol', 'nbd', '--source-host-name', 'h', '--source-host-socket', 's'];
    expect(virsh.error('attach-disk', name, '/a', 'sda', ...host)).toEqual([
      'Option --source-host-transport is required by option --source-host-socket',
    ]);
    expect(virsh.error('attach-disk', name, '/a', 'sda', ...host, '--source-host-transport', 'unix')).toEqual([
      'Options --source-host-name and --source-host-socket are mutually exclusive',
    ]);
  });

  it('a name that leads out of the store is no domain', () => {
    virsh.file('etc/libvirt/secret.xml', "<domain type='lxc'><name>secret</name></domain>");
    expect(virsh.error('dumpxml', '../secret')).toEqual(["failed to get domain '../secret'"]);
    expect(virsh.error('start', '../secret')).toEqual(["failed to get domain '../secret'"]);
  });

  it.each([
    ['is not there', '/no/such/file', 'No such file or directory'],
    ['is a folder', '/etc', 'Is a directory'],
  ])('a document that %s is told of', (_, file, word) => {
    expect(virsh.error('define', file).join('\n')).toContain(word);
  });

  it.skipIf(requires('open_checkout'))('who is not root is told so, and nothing is left', () => {
    const name = virsh.define();
    const file = virsh.file('other.xml', virsh.xml(virsh.name()));
    for (const args of [
      ['define', file],
      ['create', file],
      ['start', name],
      ['undefine', name],
      ['destroy', name],
    ]) {
      const outcome = virsh.runWith(NOBODY, ...args);
      expect({ args, ...outcome }).toMatchObject({
        args,
        status: 1,
        stderr: expect.stringMatching(/^error: .*\nerror: .*(Permission denied|may only be read by root|not running).*\n$/),
      });
    }
    expect(virsh.ok('list', '--all', '--name')).toBe(`${name}\n\n`);
  });

  it.skipIf(requires('open_checkout'))('who is not root and may not read the store is told so', () => {
    virsh.boot();
    const { status, stderr } = virsh.runWith(NOBODY, 'list', '--all');
    expect([status, errorLines(stderr).at(-1)]).toEqual([
      1,
      `operation forbidden: containers are root's: ${virsh.path('run/libvirt/lxc')} may only be read by root`,
    ]);
  });

  it.skipIf(requires('open_checkout'))('who is not root and has a store of his own cannot start, and is told why', () => {
    const store = virsh.path('own');
    fs.mkdirSync(store);
    fs.chownSync(store, NOBODY.uid, NOBODY.gid);
    const env = { VIRSH_LXC_PREFIX: store };
    const name = virsh.name();
    const file = virsh.file('own.xml', virsh.xml(name));
    expect(virsh.runWith({ ...NOBODY, env }, 'define', file)).toMatchObject({ status: 0, stderr: '' });
    const outcome = virsh.runWith({ ...NOBODY, env }, 'start', name);
    expect(outcome).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: Failed to start domain '.*'\nerror: .*(Operation not permitted|Permission denied)\n+$/),
    });
    fs.rmSync(store, { recursive: true });
  });
});

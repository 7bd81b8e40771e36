// cp: what arrives, and what a hostile tree on either side cannot do.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { type TarMember, tarEnd, tarHeader } from '../../src/values/tar.ts';
import { eventually } from '../helpers/eventually.ts';
import { ROOT, requires, suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { within } from '../helpers/within.ts';

/** By file, then by name, in hexadecimal digits. */
type Extended = Record<string, Record<string, string>>;
const ACL = 'system.posix_acl_access';
const python = (directory: string, text: string, input = ''): string =>
  execFileSync('python3', ['-c', `import os, sys, json\n${text}`], { cwd: directory, input, encoding: 'utf8' });

const setExtended = (directory: string, set: Extended): string =>
  python(
    directory,
    'for file, attributes in json.load(sys.stdin).items():\n for name, value in attributes.items(): os.setxattr(file, name, bytes.fromhex(value))',
    JSON.stringify(set),
  );

/** Of everything below a directory. */
const extendedOf = (directory: string): Extended =>
  JSON.parse(
    python(
      directory,
      `found = {}
for place, directories, files in os.walk('.'):
 for file in [place] + [os.path.join(place, file) for file in files]:
  names = [name for name in os.listxattr(file) if name != 'security.selinux']
  if names: found[os.path.normpath(file)] = {name: os.getxattr(file, name).hex() for name in names}
print(json.dumps(found))`,
    ),
  );

/** A list as the kernel has it: tag, rights, id. */
function aclOf(...entries: [tag: number, may: number, id: number][]): string {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2, 0);
  for (const [i, [tag, may, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * i);
    bytes.writeUInt16LE(may, 6 + 8 * i);
    bytes.writeInt32LE(id, 8 + 8 * i);
  }
  return bytes.toString('hex');
}

suite('cp', ['root', 'built', 'busybox', 'fuse', 'cc', 'userns'], () => {
  const virsh = useVirsh();
  const IDMAP = "<idmap><uid start='0' target='100000' count='1000'/><gid start='0' target='200000' count='1000'/></idmap>";

  function freshRoot(): string {
    const root = makeRoot(fs.mkdtempSync(virsh.path('root-')));
    fs.chmodSync(root, 0o755);
    return root;
  }

  /** A domain with a root of its own, running or off. */
  function domain(isRunning: boolean, options: { more?: string; root?: string } = {}): { name: string; root: string } {
    const root = options.root ?? freshRoot();
    return { name: isRunning ? virsh.boot({ ...options, root }) : virsh.define({ ...options, root }), root };
  }

  const folder = (): string => fs.mkdtempSync(virsh.path('host-'));
  const cp = (...words: string[]) => expect(virsh.ok('cp', ...words)).toBe('');
  /** With an archive on its standard input. */
  const cpWith = (input: Buffer, ...words: string[]) =>
    expect(spawnSync(virsh.command, ['cp', ...words], { env: virsh.env, input, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  const refused = (...words: string[]): string => {
    const { status, stdout, stderr } = virsh.run('cp', ...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    return stderr.replaceAll(virsh.prefix, 'PREFIX');
  };

  /** Everything below a directory: type and mode, owner, size, time, name, what it is a link to. */
  const listing = (directory: string): string =>
    execFileSync('find', ['.', '-mindepth', '1', '-printf', '%y%m %U:%G %s %T@ %n %p %l\n'], { cwd: directory, encoding: 'utf8' })
      .replace(/^(d\S+ \S+) \d+/gm, '$1')
      .split('\n')
      .sort()
      .join('\n');

  function makeTree(): string {
    const tree = path.join(folder(), 'tree');
    fs.mkdirSync(path.join(tree, 'sub/empty'), { recursive: true });
    fs.writeFileSync(path.join(tree, 'file'), 'text\n', { mode: 0o640 });
    fs.writeFileSync(path.join(tree, 'nothing'), '');
    fs.writeFileSync(path.join(tree, 'large'), Buffer.alloc(3_000_001, 'abcdefg'));
    fs.writeFileSync(path.join(tree, 'sub', `${'n'.repeat(250)}é\n`.slice(0, 240)), 'long');
    fs.writeFileSync(Buffer.from(`${tree}/\xff\xfe`, 'latin1'), 'bytes');
    fs.linkSync(path.join(tree, 'file'), path.join(tree, 'sub/second'));
    fs.symlinkSync('/etc/passwd', path.join(tree, 'absolute'));
    fs.symlinkSync('nowhere', path.join(tree, 'sub/dangling'));
    fs.symlinkSync('.', path.join(tree, 'sub/loop'));
    execFileSync('mkfifo', ['-m', '600', path.join(tree, 'pipe')]);
    const sparse = fs.openSync(path.join(tree, 'sparse'), 'w');
    fs.writeSync(sparse, 'x', 4_000_000);
    fs.ftruncateSync(sparse, 9_000_000);
    fs.closeSync(sparse);
    execFileSync('find', [tree, '-exec', 'touch', '-h', '-d', '2001-02-03 04:05:06.123456789', '{}', '+']);
    return tree;
  }

  for (const isRunning of [true, false]) {
    const state = isRunning ? 'running' : 'off';

    it(`brings a tree in and out again as it was (${state})`, () => {
      const { name, root } = domain(isRunning);
      const tree = makeTree();
      fs.chownSync(path.join(tree, 'file'), 1000, 100);
      fs.chmodSync(path.join(tree, 'large'), 0o6755);
      const kept = listing(tree);
      const given = kept.replaceAll('1000:100', '0:0').replace('f6755', 'f755');
      cp(tree, `${name}:/tmp`);
      expect(listing(path.join(root, 'tmp/tree'))).toBe(given);
      cp('--archive', tree, `${name}:/tmp/kept`);
      expect(listing(path.join(root, 'tmp/kept'))).toBe(kept);
      const out = folder();
      cp('--archive', `${name}:/tmp/kept/.`, out);
      expect(listing(out)).toBe(kept);
      execFileSync('diff', ['-r', '--no-dereference', '--exclude=pipe', tree, out]);
      cp(`${name}:/tmp/kept`, path.join(out, 'given'));
      expect(listing(path.join(out, 'given'))).toBe(given);
      for (const copy of [path.join(root, 'tmp/tree/sparse'), path.join(out, 'sparse')]) expect(fs.statSync(copy).blocks).toBeLessThan(64);
    });

    it(`lands where podman cp does (${state})`, () => {
      const { name, root } = domain(isRunning);
      const host = folder();
      fs.mkdirSync(path.join(host, 'dir'));
      fs.writeFileSync(path.join(host, 'dir/in'), 'in');
      fs.writeFileSync(path.join(host, 'f'), 'new');
      const inside = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
      cp(`${host}/f`, `${name}:/tmp/made`);
      cp(`${host}/f`, `${name}:/tmp/made`);
      cp(`${host}/f`, `${name}:tmp`);
      cp(`${host}/f`, `${name}:/mnt/`);
      expect([inside('tmp/made'), inside('tmp/f'), inside('mnt/f')]).toEqual(['new', 'new', 'new']);
      cp(`${host}/dir`, `${name}:/tmp/dir`);
      cp(`${host}/dir/`, `${name}:/tmp/dir`);
      cp(`${host}/dir/.`, `${name}:/mnt`);
      cp(`${host}/dir`, `${name}:/mnt/with-slash/`);
      expect(['tmp/dir/in', 'tmp/dir/dir/in', 'mnt/in', 'mnt/with-slash/in'].map(inside)).toEqual(['in', 'in', 'in', 'in']);
      expect(virsh.runWith({ cwd: host }, 'cp', `${name}:/tmp/dir`, '.')).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(fs.readFileSync(path.join(host, 'dir/dir/in'), 'utf8')).toBe('in');
      const no = 'error: Requested operation is not valid: cannot copy to';
      expect(refused(`${host}/f`, `${name}:/tmp/none/`)).toBe(`${no} '${name}:/tmp/none/': it is not there\n`);
      expect(refused(`${host}/dir`, `${name}:/tmp/made`)).toBe(`${no} '${name}:/tmp/made': it is not a directory\n`);
      expect(refused(`${host}/f`, `${name}:/tmp/none/f`)).toBe(
        `error: cannot open the directory of '${name}:/tmp/none/f': No such file or directory\n`,
      );
      expect(refused(`${name}:/none`, host)).toBe(`error: cannot find '${name}:/none': No such file or directory\n`);
      fs.mkdirSync(path.join(root, 'tmp/twice/f'), { recursive: true });
      expect(refused(`${host}/f`, `${name}:/tmp/twice`)).toBe(
        `error: Requested operation is not valid: cannot replace '${name}:/tmp/twice/f', which is a directory\n`,
      );
      fs.mkdirSync(path.join(root, 'tmp/other'));
      fs.writeFileSync(path.join(root, 'tmp/other/dir'), '');
      expect(refused(`${host}/dir`, `${name}:/tmp/other`)).toBe(
        `error: Requested operation is not valid: cannot replace '${name}:/tmp/other/dir', which is no directory, with a directory\n`,
      );
    });

    it(`follows the links of the container within it, those that a person names (${state})`, () => {
      const { name, root } = domain(isRunning);
      const host = folder();
      fs.writeFileSync(path.join(host, 'f'), 'new');
      fs.symlinkSync('/etc/passwd', path.join(root, 'tmp/link'));
      fs.symlinkSync('../../../../../../etc', path.join(root, 'tmp/up'));
      fs.symlinkSync('/mnt/made', path.join(root, 'tmp/dangling'));
      fs.symlinkSync('self', path.join(root, 'tmp/self'));
      const passwd = fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8');
      cp(`${name}:/tmp/link`, `${host}/passwd`);
      cp(`${name}:/../../tmp/up/passwd`, `${host}/passwd2`);
      expect(['passwd', 'passwd2'].map((file) => fs.readFileSync(path.join(host, file), 'utf8'))).toEqual([passwd, passwd]);
      cp(`${host}/f`, `${name}:/tmp/dangling`);
      expect(fs.readFileSync(path.join(root, 'mnt/made'), 'utf8')).toBe('new');
      cp(`${host}/f`, `${name}:/tmp/link`);
      expect(fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8')).toBe('new');
      expect(fs.lstatSync(path.join(root, 'tmp/link')).isSymbolicLink()).toBe(true);
      expect(refused(`${name}:/tmp/self`, host)).toMatch(/Too many levels of symbolic links\n$/);
      expect(refused(`${host}/f`, `${name}:/tmp/self`)).toMatch(/(Too many levels of symbolic links|No such file or directory)\n$/);
    });

    it(`leaves devices and sockets out, uses none, and does not wait for a pipe (${state})`, async () => {
      const { name, root } = domain(isRunning);
      const [from, to] = [path.join(root, 'tmp/from'), folder()];
      fs.mkdirSync(from);
      execFileSync('mknod', [path.join(from, 'null'), 'c', '1', '3']);
      execFileSync('mknod', [path.join(from, 'disk'), 'b', '7', '200']);
      execFileSync('mkfifo', [path.join(from, 'pipe')]);
      execFileSync('python3', ['-c', 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path.join(from, 's')]);
      fs.writeFileSync(path.join(from, 'last'), 'x');
      cp('--archive', `${name}:/tmp/from/.`, to);
      expect(fs.readdirSync(to).sort()).toEqual(['last', 'pipe']);
      cp('--archive', `${from}/.`, `${name}:/mnt`);
      expect(fs.readdirSync(path.join(root, 'mnt')).sort()).toEqual(['last', 'pipe']);
      for (const special of ['null', 'pipe'])
        expect(refused(`${to}/last`, `${name}:/tmp/from/${special}`)).toBe(
          `error: Requested operation is not valid: cannot copy to '${name}:/tmp/from/${special}': it is not a regular file\n`,
        );
      cp(`${name}:/tmp/from/pipe`, `${to}/second`);
      expect(fs.lstatSync(`${to}/second`).isFIFO()).toBe(true);
    });

    it(`counts owners as the container does (${state})`, () => {
      const root = freshRoot();
      execFileSync('chown', ['-R', '100000:200000', root]);
      const { name } = domain(isRunning, { root, more: IDMAP });
      const host = folder();
      fs.writeFileSync(path.join(host, 'f'), 'x');
      fs.chownSync(path.join(host, 'f'), 7, 8);
      const owner = (file: string) => [fs.statSync(file).uid, fs.statSync(file).gid];
      cp(`${host}/f`, `${name}:/tmp/given`);
      cp('--archive', `${host}/f`, `${name}:/tmp/kept`);
      expect([owner(`${root}/tmp/given`), owner(`${root}/tmp/kept`)]).toEqual([
        [100000, 200000],
        [100007, 200008],
      ]);
      cp('--archive', `${name}:/tmp/kept`, `${host}/kept`);
      cp(`${name}:/tmp/kept`, `${host}/given`);
      expect([owner(`${host}/kept`), owner(`${host}/given`)]).toEqual([
        [7, 8],
        [0, 0],
      ]);
      fs.chownSync(path.join(host, 'f'), 5000, 0);
      expect(refused('--archive', `${host}/f`, `${name}:/tmp/none`)).toBe(
        'error: Operation not supported: the container has no user 5000 or no group 0\n',
      );
      expect(fs.readdirSync(`${root}/tmp`).sort()).toEqual(['given', 'kept']);
    });

    it(`writes and unpacks archives of tar's (${state})`, () => {
      const { name, root } = domain(isRunning);
      const tree = makeTree();
      fs.chownSync(path.join(tree, 'file'), 1000, 100);
      const kept = listing(tree).replaceAll('.1234567890', '.0000000000');
      const made = spawnSync('tar', ['c', '--format=gnu', '-C', path.dirname(tree), 'tree'], { maxBuffer: 1 << 28 });
      const posix = spawnSync('tar', ['c', '--format=pax', '-C', tree, '.'], { maxBuffer: 1 << 28 });
      cpWith(made.stdout, '--archive', '-', `${name}:/tmp`);
      expect(listing(path.join(root, 'tmp/tree'))).toBe(kept);
      cpWith(posix.stdout, '-', `${name}:/mnt`);
      expect(listing(path.join(root, 'mnt'))).toBe(listing(tree).replaceAll('1000:100', '0:0'));
      const out = folder();
      const archive = spawnSync(virsh.command, ['cp', `${name}:/tmp/tree`, '-'], { env: virsh.env, maxBuffer: 1 << 28 });
      expect([archive.status, archive.stderr.toString(), archive.stdout.length % 10240]).toEqual([0, '', 0]);
      execFileSync('tar', ['x', '--same-owner', '-C', out], { input: archive.stdout });
      expect(listing(path.join(out, 'tree'))).toBe(kept);
      execFileSync('diff', ['-r', '--no-dereference', '--exclude=pipe', tree, path.join(out, 'tree')]);
      expect(spawnSync(virsh.command, ['cp', `${name}:/etc/passwd`, '-'], { env: virsh.env }).stdout.toString('latin1', 0, 7)).toBe(
        'passwd\0',
      );
    });

    it(`keeps the holes of files in archives (${state})`, () => {
      const { name, root } = domain(isRunning);
      const tree = folder();
      const places: Record<string, [size: number, parts: number[]]> = {
        tail: [9_000_000, [4_000_000]],
        none: [5_000_000, []],
        many: [40_000_000, Array.from({ length: 60 }, (_, i) => i * 600_000 + 123)],
        end: [3_000_001, [3_000_000]],
      };
      for (const [file, [size, parts]] of Object.entries(places)) {
        const fd = fs.openSync(path.join(tree, file), 'w');
        for (const at of parts) fs.writeSync(fd, `at ${at}`, at);
        fs.ftruncateSync(fd, size);
        fs.closeSync(fd);
      }
      const blocks = (directory: string) => Object.keys(places).map((file) => fs.statSync(path.join(directory, file)).blocks < 1000);
      for (const format of ['gnu', 'pax --sparse-version=0.0', 'pax --sparse-version=0.1', 'pax --sparse-version=1.0']) {
        const made = spawnSync('tar', ['c', '--sparse', ...`--format=${format}`.split(' '), '-C', tree, '.'], { maxBuffer: 1 << 28 });
        const into = `${root}/mnt/${format.slice(-3)}`;
        fs.mkdirSync(into);
        cpWith(made.stdout, '-', `${name}:/mnt/${format.slice(-3)}`);
        execFileSync('diff', ['-r', tree, into]);
        expect([format, blocks(into)]).toEqual([format, [true, true, true, true]]);
      }
      const archive = spawnSync(virsh.command, ['cp', `${name}:/mnt/1.0`, '-'], { env: virsh.env, maxBuffer: 1 << 28 });
      expect([archive.stderr.toString(), archive.stdout.length < 2_000_000]).toEqual(['', true]);
      const out = folder();
      execFileSync('tar', ['x', '-C', out], { input: archive.stdout });
      execFileSync('diff', ['-r', tree, path.join(out, '1.0')]);
      expect(blocks(path.join(out, '1.0'))).toEqual([true, true, true, true]);
      cpWith(archive.stdout, '-', `${name}:/tmp`);
      execFileSync('diff', ['-r', tree, `${root}/tmp/1.0`]);
    });

    it.skipIf(requires('python3'))(`keeps extended attributes, access control lists and capabilities with owners alone (${state})`, () => {
      const { name, root } = domain(isRunning);
      const tree = path.join(folder(), 'tree');
      fs.mkdirSync(path.join(tree, 'sub'), { recursive: true });
      for (const file of ['file', 'program', 'sub/plain']) fs.writeFileSync(path.join(tree, file), file);
      const acl = (...ids: number[]) => aclOf([1, 7, -1], [2, 4, ids[0]!], [4, 5, -1], [8, 6, ids[1]!], [16, 7, -1], [32, 4, -1]);
      const set: Extended = {
        '.': { 'user.of=root%': '6162' },
        file: {
          'user.text': Buffer.from('a value\n').toString('hex'),
          'user.empty': '',
          'user.long': 'ff00'.repeat(1000),
          [ACL]: acl(1000, 100),
        },
        program: { 'security.capability': '0100000200040000000000000000000000000000' },
        sub: { 'user.sub': '00', [ACL]: acl(1, 2), 'system.posix_acl_default': acl(3, 4) },
      };
      setExtended(tree, set);
      const users = Object.fromEntries(
        Object.entries(set).flatMap(([file, attributes]) => {
          const kept = Object.entries(attributes).filter(([one]) => one.startsWith('user.'));
          return kept.length === 0 ? [] : [[file, Object.fromEntries(kept)]];
        }),
      );
      cp(tree, `${name}:/tmp`);
      expect(extendedOf(path.join(root, 'tmp/tree'))).toEqual(users);
      cp('--archive', tree, `${name}:/tmp/kept`);
      expect(extendedOf(path.join(root, 'tmp/kept'))).toEqual(set);
      const out = folder();
      cp('--archive', `${name}:/tmp/kept`, out);
      expect(extendedOf(path.join(out, 'kept'))).toEqual(set);
      const archive = spawnSync(virsh.command, ['cp', `${name}:/tmp/kept`, '-'], { env: virsh.env, maxBuffer: 1 << 28 });
      expect(archive.stderr.toString()).toBe('');
      cpWith(archive.stdout, '--archive', '-', `${name}:/mnt`);
      expect(extendedOf(path.join(root, 'mnt/kept'))).toEqual(set);
      const unpacked = folder();
      execFileSync('tar', ['x', '--xattrs', '--xattrs-include=*', '--acls', '-C', unpacked], { input: archive.stdout });
      expect(extendedOf(path.join(unpacked, 'kept'))).toEqual(set);
      const made = execFileSync('tar', ['c', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '-C', tree, '.']);
      fs.mkdirSync(path.join(root, 'srv2'));
      cpWith(made, '--archive', '-', `${name}:/srv2`);
      const { '.': _, ...below } = set; // the directory is there
      expect(extendedOf(path.join(root, 'srv2'))).toEqual(below);
    });

    it(`keeps a hostile archive below its target (${state})`, () => {
      const { name, root } = domain(isRunning);
      const outside = fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8');
      const member = (fields: Partial<TarMember>, text = ''): Buffer =>
        Buffer.concat([
          tarHeader({
            ...{ kind: 'file', path: 'x', target: '', mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 1, nanoseconds: 0 } },
            ...{ device: { major: 1, minor: 3 } },
            ...fields,
            size: text.length,
          }),
          Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0')),
        ]);
      const unpack = (...members: Buffer[]) => {
        const input = Buffer.concat([...members, tarEnd(0)]);
        const { status, stderr } = spawnSync(virsh.command, ['cp', '-', `${name}:/mnt`], { env: virsh.env, input, encoding: 'utf8' });
        return [status, stderr];
      };
      const bad = (why: string) => [1, `error: operation failed: the archive ${why}\n`];
      const evil = (fields: Partial<TarMember>) => member({ path: 'evil', ...fields }, fields.kind === undefined ? 'evil' : '');

      expect(unpack(evil({ path: '../etc/passwd' }))).toEqual(bad("leads outside: '../etc/passwd'"));
      expect(unpack(evil({ path: 'a/../../etc/passwd' }))).toEqual(bad("leads outside: 'a/../../etc/passwd'"));
      expect(unpack(evil({ path: '/etc/passwd' }))).toEqual([0, '']);
      expect(fs.readFileSync(path.join(root, 'mnt/etc/passwd'), 'utf8')).toBe('evil');
      // By a link that it brings: to a directory outside, to the file, by a hard link, by a hard link through a link.
      const link = (target: string, name = 'out') => member({ kind: 'symlink', path: name, target });
      for (const target of ['/etc', '../etc', '../../../../../../etc', '/proc/1/root/etc', '/proc/self/root/etc'])
        expect(unpack(link(target), evil({ path: 'out/passwd' }))).toEqual([
          1,
          expect.stringMatching(/^error: cannot enter '[^']*\/out': /),
        ]);
      expect(unpack(link('/etc/passwd', 'p'), evil({ path: 'p' }))).toEqual([0, '']);
      expect(fs.readFileSync(path.join(root, 'mnt/p'), 'utf8')).toBe('evil');
      expect(unpack(member({ kind: 'link', path: 'h', target: '../etc/passwd' }), evil({ path: 'h' }))).toEqual(
        bad("leads outside: '../etc/passwd'"),
      );
      expect(unpack(link('/etc'), member({ kind: 'link', path: 'h', target: 'out/passwd' }), evil({ path: 'h' }))).toEqual([
        1,
        expect.stringMatching(/^error: cannot enter '[^']*\/out': /),
      ]);
      expect(unpack(link('/etc/passwd', 'p'), member({ kind: 'link', path: 'h', target: 'p' }), evil({ path: 'h' }))).toEqual([0, '']);
      // A directory in place of a link, whose mode would be that of where it leads.
      expect(unpack(link('/etc'), member({ kind: 'directory', path: 'out', mode: 0o777 }))).toEqual([
        1,
        expect.stringMatching(/^error: Requested operation is not valid: cannot replace '[^']*\/out'/),
      ]);
      expect(unpack(member({ kind: 'block', path: 'disk' }), member({ kind: 'character', path: 'null' }))).toEqual([0, '']);
      expect(fs.existsSync(path.join(root, 'mnt/disk'))).toBe(false);
      expect(unpack(evil({ path: 'n'.repeat(300) }))).toEqual([1, expect.stringMatching(/File name too long\n$/)]);
      expect(unpack(evil({ path: 'bell\x07\x1b[31m/../..' }))).toEqual(bad("leads outside: 'bell??[31m/../..'"));
      const cut = Buffer.concat([member({ path: 'cut' }, 'y'.repeat(3_000_000))]).subarray(0, 2_000_000);
      expect(unpack(cut)).toEqual(bad('ends too early'));
      expect(fs.existsSync(path.join(root, 'mnt/cut'))).toBe(false);
      expect(unpack(Buffer.from('1f8b0800', 'hex'), Buffer.alloc(508, 1))).toEqual(bad('is compressed by gzip: unpack it before'));
      expect(unpack(Buffer.alloc(512, 1))).toEqual(bad('is no tar archive'));
      // What a directory of the container's stands for is found in it: /bin may be a link.
      fs.symlinkSync('etc', path.join(root, 'mnt/bin'));
      expect(unpack(evil({ path: 'bin/tool' }))).toEqual([0, '']);
      expect(fs.readFileSync(path.join(root, 'mnt/etc/tool'), 'utf8')).toBe('evil');
      expect(fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8')).toBe(outside);
      expect(fs.statSync(path.join(root, 'etc')).mode & 0o777).toBe(0o755);
    });
  }

  it('writes through no link that a target has, and not into one that becomes a link meanwhile', async () => {
    const { name } = domain(true);
    const [tree, target, victim] = [path.join(folder(), 'tree'), folder(), folder()];
    fs.mkdirSync(path.join(tree, 'sub'), { recursive: true });
    for (let i = 0; i < 20; i++) fs.writeFileSync(path.join(tree, 'sub', `f${i}`), 'x');
    cp(tree, `${name}:/tmp`);
    fs.mkdirSync(path.join(target, 'tree'));
    fs.symlinkSync(victim, path.join(target, 'tree/sub'));
    expect(refused(`${name}:/tmp/tree`, target)).toMatch(/cannot replace '[^']*\/tree\/sub', which is no directory, with a directory\n$/);
    fs.rmSync(path.join(target, 'tree/sub'));
    const swap = `mkdir sub; while :; do mv sub away; ln -s ${victim} sub; rm sub; mv away sub; done`;
    const swapping = spawn('busybox', ['sh', '-c', swap], { cwd: path.join(target, 'tree'), stdio: 'ignore' });
    try {
      for (let i = 0; i < 25; i++) virsh.run('cp', `${name}:/tmp/tree`, target);
      expect(fs.readdirSync(victim)).toEqual([]);
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'exit');
    }
  });

  it('is not led out by a container that changes its tree meanwhile', async () => {
    const { name, root } = domain(false);
    const secret = path.join(folder(), 'secret');
    fs.mkdirSync(secret);
    fs.writeFileSync(path.join(secret, 'f'), 'of the host');
    fs.mkdirSync(path.join(root, 'tmp/tree/sub'), { recursive: true });
    fs.writeFileSync(path.join(root, 'tmp/tree/sub/f'), 'of the container');
    const swap = `while :; do mv sub away; ln -s ${secret} sub; rm sub; ln -s ../../../../../../../../..${secret} sub; rm sub; mv away sub; done`;
    const swapping = spawn('busybox', ['sh', '-c', swap], { cwd: path.join(root, 'tmp/tree'), stdio: 'ignore' });
    const out = folder();
    try {
      for (let i = 0; i < 15; i++) {
        virsh.run('cp', `${name}:/tmp/tree`, path.join(out, `${i}`)); // what is not there just then is left out
        virsh.run('cp', `${name}:/tmp/tree/sub/f`, path.join(out, `f${i}`));
        virsh.run('cp', path.join(root, 'etc/passwd'), `${name}:/tmp/tree/sub/f`);
      }
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'exit');
    }
    expect(fs.readdirSync(out).length).toBeGreaterThan(0);
    expect(spawnSync('grep', ['-rl', 'of the host', out], { encoding: 'utf8' }).stdout).toBe('');
    expect(fs.readdirSync(secret)).toEqual(['f']);
    expect(fs.readFileSync(path.join(secret, 'f'), 'utf8')).toBe('of the host');
  });

  it('ends where a file system of the container never answers', async () => {
    const root = freshRoot();
    fs.mkdirSync(path.join(root, 'run'));
    const [program, source] = [path.join(root, 'bin/fuse-server'), path.join(ROOT, 'test/helpers/fuse-server.c')];
    execFileSync('cc', ['-O2', '-static', '-o', program, source, '-lpthread']);
    execFileSync('mknod', ['-m', '666', path.join(root, 'fuse'), 'c', '10', '229']);
    const name = virsh.boot({ root, init: ['/bin/sh', '-c', '/bin/fuse-server /fuse /mnt & while :; do sleep 0.05; done'] });
    await eventually(() => fs.existsSync(path.join(root, 'up')));
    const silent = `error: Timed out during operation: the files of domain '${name}' do not answer for 1 s\n`;
    const copies = [
      [`${name}:/mnt/x`, folder()],
      [`${name}:/mnt`, folder()],
      [path.join(root, 'etc/passwd'), `${name}:/mnt/x`],
    ];
    for (const [from, to] of copies) expect(within(virsh, 2700, () => refused('--timeout', '1', from!, to!))).toBe(silent);
    cp(`${name}:/etc/passwd`, folder());
    virsh.ok('destroy', name);
  });

  it("leaves file systems of the kernel's out of a tree, and reads a file of theirs that is named", () => {
    const { name, root } = domain(true);
    const out = folder();
    cp(`${name}:/`, path.join(out, 'all'));
    for (const place of ['proc', 'sys']) expect(fs.readdirSync(path.join(out, 'all', place))).toEqual([]);
    expect(fs.readFileSync(path.join(out, 'all/etc/group'), 'utf8')).toContain('users');
    cp(`${name}:/proc/meminfo`, out);
    expect(fs.readFileSync(path.join(out, 'meminfo'), 'utf8')).toMatch(/^MemTotal: +65536 kB\n/);
    cp('/proc/kallsyms', `${name}:/tmp/symbols`); // megabytes, and tells no size
    const symbols = (file: string) => execFileSync('wc', ['-c'], { input: fs.readFileSync(file), encoding: 'utf8' });
    expect(symbols(path.join(root, 'tmp/symbols'))).toBe(symbols('/proc/kallsyms'));
    expect(refused(`${name}:/proc/1/root/etc/passwd`, out)).toMatch(/Too many levels of symbolic links\n$/);
  });

  it('copies between domains, from one that is paused, and not into itself', () => {
    const [one, two] = [domain(true), domain(false)];
    virsh.ok('suspend', one.name);
    cp(`${one.name}:/etc`, `${two.name}:/tmp`);
    expect(fs.readdirSync(path.join(two.root, 'tmp/etc')).sort()).toEqual(['group', 'passwd']);
    const itself = 'error: Requested operation is not valid: cannot copy directory';
    expect(refused(`${two.name}:/tmp`, `${two.name}:/tmp/etc`)).toBe(`${itself} '${two.name}:/tmp/etc' into itself\n`);
    expect(refused(`${two.root}/tmp`, `${two.name}:/tmp`)).toMatch(`${itself} `);
  });

  it('leaves no half file where it is killed, nor where the archive ends too early', async () => {
    const { name, root } = domain(true);
    const header = tarHeader({
      ...{ kind: 'file', path: 'half', target: '', mode: 0o644, uid: 0, gid: 0, size: 9_000_000 },
      ...{ mtime: { seconds: 1, nanoseconds: 0 }, device: { major: 0, minor: 0 } },
    });
    for (const signal of ['SIGKILL', 'SIGINT', undefined] as const) {
      const child = virsh.start({ stdio: ['pipe', 'ignore', 'ignore'] }, 'cp', '-', `${name}:/mnt`);
      const ended = once(child, 'exit');
      child.stdin!.on('error', () => {});
      child.stdin!.write(Buffer.concat([header, Buffer.alloc(3_000_000, 'y')]));
      await eventually(() => fs.readdirSync(path.join(root, 'mnt')).length === 1);
      expect(fs.readdirSync(path.join(root, 'mnt'))[0]).toMatch(/^\.virsh-lxc-/);
      if (signal) child.kill(signal);
      else child.stdin!.end();
      expect(await ended).toEqual(signal ? [null, signal] : [1, null]);
      await eventually(() => fs.readdirSync(path.join(root, 'mnt')).length === 0);
    }
  });

  it('says what it cannot do', () => {
    const host = folder();
    const off = domain(false);
    expect(refused(host, host)).toBe('error: neither of the two is DOMAIN:PATH\n');
    expect(refused('-', '-')).toBe('error: neither of the two is DOMAIN:PATH\n');
    expect(refused('none:/x', host)).toBe("error: failed to get domain 'none'\n");
    expect(refused(`${off.name}:`, host)).toBe(`error: '${off.name}:' names no path\n`);
    const bare = virsh.define({ root: '/' });
    expect(refused(`${bare}:/etc/hostname`, host)).toBe(
      `error: Requested operation is not valid: domain '${bare}' is off and has no root directory of its own: its files are there while it runs\n`,
    );
    const source = folder();
    const more = virsh.define({
      root: off.root,
      devices: `<filesystem type='mount'><source dir='${source}'/><target dir='/mnt'/></filesystem>`,
    });
    expect(refused(`${more}:/mnt/x`, host)).toBe(
      `error: Requested operation is not valid: '/mnt' of domain '${more}' is a file system of its own: its files are there while it runs\n`,
    );
    cp(path.join(off.root, 'etc/passwd'), `${more}:/mntx`);
    const readOnly = virsh.define({ root: off.root, readonlyRoot: true });
    expect(refused(path.join(off.root, 'etc/passwd'), `${readOnly}:/x`)).toBe(
      `error: cannot write '${readOnly}:/x': Read-only file system\n`,
    );
  });

  it('finds a domain whose name has a colon', () => {
    const root = freshRoot();
    const name = virsh.define({ root }, `${virsh.name()}:a`);
    const host = folder();
    cp(`${name}:/etc/passwd`, host);
    expect(fs.readdirSync(host)).toEqual(['passwd']);
    expect(process.getuid!()).toBe(fs.statSync(path.join(host, 'passwd')).uid);
  });
});

// Storage pools and volumes: what the real virsh 9.0 said of the same session, word for word; and what nobody may get by them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { outputComplaints } from '../helpers/json-schema.ts';
import { ROOT, requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const FIXTURES = path.join(ROOT, 'test/fixtures/storage');

/** Without what differs from run to run, and the width of columns that hold paths. */
const steady = (text: string, folder: string): string =>
  text
    .replaceAll(folder, '/B')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
    .replace(/[0-9.]+ GiB/g, 'N GiB')
    .replace(/unit='bytes'>[0-9]{9,}</g, "unit='bytes'>N<")
    .replace(/time>[0-9.]+</g, 'time>T<')
    .replace(/ {3,}/g, '  ')
    .replace(/-{5,}/g, '-----');

suite('storage', ['root', 'built'], () => {
  const virsh = useVirsh();
  let folder: string;
  beforeEach(() => {
    for (const kept of ['etc/libvirt', 'run/libvirt', 'storage']) fs.rmSync(virsh.path(kept), { recursive: true, force: true });
    folder = virsh.path('storage');
    fs.mkdirSync(folder, { mode: 0o755 });
  });
  const pool = (name = 'p'): string => {
    const directory = path.join(folder, name);
    virsh.ok('pool-define-as', name, 'dir', '--target', directory);
    virsh.ok('pool-start', name, '--build');
    return directory;
  };

  it.skipIf(requires('qemu_img'))('answers a long session as libvirt does', () => {
    const { stdout } = spawnSync('sh', [path.join(FIXTURES, 'session.sh')], {
      env: { ...virsh.env, PATH: process.env['PATH'], VIRSH: virsh.command, B: folder, STATE: `${virsh.prefix}/run/libvirt/storage` },
      encoding: 'utf8',
    });
    expect(steady(stdout, folder)).toBe(fs.readFileSync(path.join(FIXTURES, 'libvirt-9.0.txt'), 'utf8'));
  });

  it('copies a directory with all that is in it, and a file with its holes', () => {
    const directory = pool();
    virsh.ok('vol-create-as', 'p', 'root', '0', '--format', 'dir');
    fs.writeFileSync(`${directory}/root/file`, 'content', { mode: 0o640 });
    fs.chownSync(`${directory}/root/file`, 100000, 100000);
    fs.symlinkSync('/nowhere', `${directory}/root/link`);
    virsh.ok('vol-clone', 'root', 'copy', '--pool', 'p');
    const { mode, uid } = fs.statSync(`${directory}/copy/file`);
    expect([fs.readlinkSync(`${directory}/copy/link`), mode & 0o777, uid]).toEqual(['/nowhere', 0o640, 100000]);
    expect(fs.statSync(`${directory}/copy`).mode & 0o777).toBe(0o755);

    virsh.ok('vol-create-as', 'p', 'disk', '64M', '--allocation', '0');
    virsh.ok('vol-clone', 'disk', 'disk2', '--pool', 'p');
    const { size, blocks } = fs.statSync(`${directory}/disk2`);
    expect([size, blocks]).toEqual([64 * 1024 * 1024, 0]);
  });

  it('carries bytes both ways, with holes where there are only zeros', () => {
    const directory = pool();
    virsh.ok('vol-create-as', 'p', 'v', '4M', '--allocation', '0');
    const bytes = Buffer.alloc(3 * 1024 * 1024);
    bytes.write('first', 0);
    bytes.write('last', bytes.length - 4);
    fs.writeFileSync(`${folder}/in`, bytes);
    virsh.ok('vol-upload', 'v', `${folder}/in`, '--pool', 'p', '--sparse');
    expect(fs.statSync(`${directory}/v`).blocks * 512).toBeLessThan(3 * 1024 * 1024);
    virsh.ok('vol-download', 'v', `${folder}/out`, '--pool', 'p', '--length', String(bytes.length));
    expect(fs.readFileSync(`${folder}/out`).equals(bytes)).toBe(true);
    expect(virsh.error('vol-upload', 'v', `${folder}/in`, '--pool', 'p', '--length', '5')).toEqual([
      'cannot upload to volume v',
      'cannot write to stream: No space left on device',
    ]);
  });

  it('never follows a link out of the directory when it changes something, and waits for no FIFO', () => {
    const directory = pool();
    const outside = virsh.file('outside', 'precious');
    fs.symlinkSync(outside, `${directory}/link`);
    spawnSync('mkfifo', [`${directory}/fifo`]);
    fs.writeFileSync(`${folder}/in`, 'bad');
    expect(virsh.ok('vol-list', 'p')).toContain(' link ');
    expect(virsh.ok('vol-list', 'p')).not.toContain('fifo');
    const loop = `cannot open volume '${directory}/link': Too many levels of symbolic links`;
    expect(virsh.error('vol-wipe', 'link', 'p')).toEqual(['Failed to wipe vol link', loop]);
    expect(virsh.error('vol-upload', 'link', `${folder}/in`, 'p')).toEqual(['cannot upload to volume link', loop]);
    expect(virsh.error('vol-download', 'link', `${folder}/out`, 'p')).toEqual(['cannot download from volume link', loop]);
    expect(virsh.error('vol-resize', 'link', '100M', 'p')).toEqual(["Failed to change size of volume 'link' to 100M", loop]);
    expect(virsh.error('vol-clone', 'link', 'copy', 'p')).toEqual(['Failed to clone vol from link', loop]);
    expect(fs.existsSync(`${directory}/copy`)).toBe(false);
    virsh.ok('vol-delete', 'link', 'p');
    expect(fs.readFileSync(outside, 'utf8')).toBe('precious');
  });

  it('copies no directory, and changes no image, that a link leads to', () => {
    const directory = pool();
    const outside = virsh.path('outside.d');
    fs.mkdirSync(outside);
    fs.writeFileSync(`${outside}/secret`, 'secret');
    fs.symlinkSync(outside, `${directory}/link`);
    const notDirectory = `cannot open directory '${directory}/link': Not a directory`;
    expect(virsh.error('vol-clone', 'link', 'copy', 'p')).toEqual(['Failed to clone vol from link', notDirectory]);
    expect(fs.readdirSync(directory)).toEqual(['link']);
    const image = `${outside}/image`;
    const header = Buffer.alloc(104);
    header.write('QFI\xfb', 'latin1');
    header.writeUInt32BE(2, 4);
    header.writeBigUInt64BE(1048576n, 24);
    fs.writeFileSync(image, header);
    fs.symlinkSync(image, `${directory}/image`);
    if (requires('qemu_img')) return;
    const loop = `cannot open volume '${directory}/image': Too many levels of symbolic links`;
    expect(virsh.error('vol-resize', 'image', '100M', 'p')).toEqual(["Failed to change size of volume 'image' to 100M", loop]);
    fs.writeFileSync(`${folder}/xml`, "<volume><name>raw</name><target><format type='raw'/></target></volume>");
    expect(virsh.error('vol-create-from', 'p', `${folder}/xml`, 'image', '--inputpool', 'p')).toEqual([
      `Failed to create vol from ${folder}/xml`,
      loop,
    ]);
    expect(fs.readFileSync(image).equals(header)).toBe(true);
  });

  /** A program, before which somebody who can write in the pool puts a link where the new volume is, or is to be. */
  const swapping = (program: string, volume: string, target: string): Record<string, string> => {
    const real = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
    virsh.file(
      `swap/${program}`,
      `#!/bin/sh\nmv '${volume}' '${volume}.moved' 2>/dev/null; ln -s '${target}' '${volume}'\nexec ${real} "$@"\n`,
      0o755,
    );
    return { PATH: `${virsh.path('swap')}:${process.env['PATH']}` };
  };

  it('writes into what it made, whatever has its name by then', () => {
    const directory = pool();
    fs.writeFileSync(`${directory}/file`, 'hostile');
    fs.mkdirSync(`${directory}/dir`);
    fs.writeFileSync(`${directory}/dir/hostile`, 'hostile');
    const outside = virsh.file('precious', 'precious');
    const folderOutside = virsh.path('outside.e');
    fs.mkdirSync(folderOutside);
    virsh.runWith({ env: swapping('cp', `${directory}/file2`, outside) }, 'vol-clone', 'file', 'file2', 'p');
    expect(fs.readFileSync(outside, 'utf8')).toBe('precious');
    expect(fs.readlinkSync(`${directory}/file2`)).toBe(outside); // somebody was there
    virsh.runWith({ env: swapping('cp', `${directory}/dir2`, folderOutside) }, 'vol-clone', 'dir', 'dir2', 'p');
    expect(fs.readdirSync(folderOutside)).toEqual([]);
    expect(fs.readlinkSync(`${directory}/dir2`)).toBe(folderOutside);
  });

  it.skipIf(requires('qemu_img'))('writes images into what it made, too', () => {
    const directory = pool();
    const outside = virsh.file('precious', 'precious');
    const env = swapping('qemu-img', `${directory}/image`, outside);
    virsh.runWith({ env }, 'vol-create-as', 'p', 'image', '1M', '--format', 'qcow2');
    expect(fs.readFileSync(outside, 'utf8')).toBe('precious');
    expect(fs.readlinkSync(`${directory}/image`)).toBe(outside);
  });

  it.skipIf(requires('qemu_img'))(
    'makes an image of the version that is asked for, and on a backing file that is raw unless it says otherwise',
    () => {
      const directory = pool();
      virsh.ok('vol-create-as', 'p', 'base', '1M');
      const backing = `<backingStore><path>${directory}/base</path></backingStore>`;
      const make = (name: string, target: string) => {
        const xml = virsh.file(
          `${name}.xml`,
          `<volume><name>${name}</name><capacity>1048576</capacity>${backing}
<target><format type='qcow2'/>${target}</target></volume>`,
        );
        virsh.ok('vol-create', 'p', xml);
        return JSON.parse(spawnSync('qemu-img', ['info', '--output', 'json', `${directory}/${name}`], { encoding: 'utf8' }).stdout);
      };
      const old = make('old', '<compat>0.10</compat>');
      expect(old).toMatchObject({ 'backing-filename': `${directory}/base`, 'backing-filename-format': 'raw' });
      expect(old['format-specific'].data.compat).toBe('0.10');
      const lazy = make('lazy', "<compat>1.1</compat><features><lazy_refcounts/></features><clusterSize unit='KiB'>128</clusterSize>");
      expect(lazy).toMatchObject({ 'cluster-size': 131_072, 'format-specific': { data: { compat: '1.1', 'lazy-refcounts': true } } });
    },
  );

  it.skipIf(requires('qemu_img'))('converts and resizes an image whose backing file is beside it', () => {
    const directory = pool();
    fs.writeFileSync(`${directory}/base`, Buffer.alloc(1 << 20, 'base'));
    spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', 'base', '-F', 'raw', `${directory}/image`]);
    fs.writeFileSync(`${folder}/xml`, "<volume><name>raw</name><target><format type='raw'/></target></volume>");
    virsh.ok('vol-create-from', 'p', `${folder}/xml`, 'image', '--inputpool', 'p');
    expect(fs.readFileSync(`${directory}/raw`).equals(fs.readFileSync(`${directory}/base`))).toBe(true);
    virsh.ok('vol-resize', 'image', '2M', 'p');
    expect(virsh.ok('vol-info', 'image', 'p')).toContain('2.00 MiB');
  });

  it('starts marked pools with the host, and tells who listens', async () => {
    pool();
    virsh.ok('pool-autostart', 'p');
    virsh.ok('pool-destroy', 'p');
    expect(virsh.ok('autostart-all')).toContain('Pool p started');
    expect(virsh.ok('pool-list', '--autostart')).toMatch(/^ p +active +yes$/m);
    const child = virsh.start({ stdio: ['ignore', 'pipe', 'ignore'] }, 'pool-event', '--event', 'lifecycle', '--loop');
    const output = text(child.stdout as Readable);
    const files = `/proc/${child.pid}/fd`;
    await eventually(() => fs.readdirSync(files).some((fd) => fs.readlinkSync(`${files}/${fd}`).includes('inotify')));
    virsh.ok('pool-destroy', 'p');
    virsh.ok('pool-undefine', 'p');
    child.kill('SIGINT');
    expect(await output).toBe(
      "event 'lifecycle' for storage pool p: Stopped\nevent 'lifecycle' for storage pool p: Undefined\nevent loop interrupted\nevents received: 2\n\n",
    );
  });

  it('is told as JSON', () => {
    const directory = pool();
    virsh.ok('vol-create-as', 'p', 'v', '1M', '--allocation', '0');
    for (const [command, ...args] of [
      ['pool-list'],
      ['pool-info', 'p'],
      ['vol-list', 'p'],
      ['vol-info', 'v', 'p'],
      ['iface-list', '--all'],
    ])
      expect(outputComplaints(command!, JSON.parse(virsh.ok(command!, ...args, '--json')))).toEqual([]);
    for (const [command, ...args] of [['nodedev-list'], ['nodedev-info', 'computer']])
      expect(outputComplaints(command!, JSON.parse(virsh.ok(command!, ...args, '--json')))).toEqual([]);
    expect(JSON.parse(virsh.ok('vol-info', 'v', 'p', '--json'))).toEqual({
      ...{ name: 'v', path: `${directory}/v`, type: 'file', format: 'raw' },
      ...{ capacity_bytes: 1_048_576, allocation_bytes: 0, physical_bytes: 1_048_576 },
    });
  });

  it('copies no directory that a container may change meanwhile', () => {
    const directory = pool();
    fs.cpSync(virsh.root, `${directory}/root`, { recursive: true, verbatimSymlinks: true });
    const name = virsh.boot({ devices: `<filesystem><source dir='${directory}/root'/><target dir='/mnt'/></filesystem>` });
    expect(virsh.error('vol-clone', 'root', 'copy', 'p')).toEqual([
      'Failed to clone vol from root',
      `Requested operation is not valid: volume 'root' is in use by domain '${name}', which runs: end it, or copy its files with cp`,
    ]);
    virsh.ok('destroy', name);
    virsh.ok('vol-clone', 'root', 'copy', 'p');
  });

  it.skipIf(requires('qemu_img'))('reads with an image no file of the host’s that it names', () => {
    const directory = pool();
    const secret = virsh.file('secret', 'root:x'.padEnd(65536));
    spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-u', '-b', secret, '-F', 'raw', `${directory}/image`, '1M']);
    const xml = virsh.file('raw.xml', '<volume><name>raw</name><capacity>1048576</capacity></volume>');
    expect(virsh.error('vol-create-from', 'p', xml, 'image', '--inputpool', 'p')).toEqual([
      `Failed to create vol from ${xml}`,
      `operation forbidden: '${directory}/image' names the backing file '${secret}', which is no volume of an active pool`,
    ]);
    expect(fs.existsSync(`${directory}/raw`)).toBe(false);
  });

  describe.skipIf(requires('qemu_img'))('opens no file of the host’s that an image names as', () => {
    const SIZE = 1 << 20;
    const image = (...words: string[]) =>
      expect(spawnSync('qemu-img', words, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const KINDS: [kind: string, make: (directory: string, secret: string) => void][] = [
      [
        'its data',
        (directory, secret) =>
          image('create', '-q', '-f', 'qcow2', '-o', `data_file=${secret},data_file_raw=on`, `${directory}/image`, '1M'),
      ],
      [
        'the backing file of a qed image',
        (directory, secret) => image('create', '-q', '-f', 'qed', '-u', '-b', secret, '-F', 'raw', `${directory}/image`, '1M'),
      ],
      [
        'a backing file, further back than one looks',
        (directory, secret) => {
          image('create', '-q', '-f', 'qcow2', '-u', '-o', 'cluster_size=2M', '-b', secret, '-F', 'raw', `${directory}/image`, '1M');
          const bytes = fs.readFileSync(`${directory}/image`);
          const [at, length] = [Number(bytes.readBigUInt64BE(8)), bytes.readUInt32BE(16)];
          bytes.copy(bytes, 100_000, at, at + length);
          bytes.writeBigUInt64BE(100_000n, 8);
          fs.writeFileSync(`${directory}/image`, bytes);
        },
      ],
      [
        'an extent',
        (directory, secret) => {
          const bytes = Buffer.alloc(4096);
          bytes.write('KDMV');
          bytes.writeUInt32LE(1, 4);
          bytes.writeBigUInt64LE(1n, 28);
          bytes.writeBigUInt64LE(4n, 36);
          const lines = [
            '# Disk DescriptorFile',
            'version=1',
            'CID=1',
            'parentCID=ffffffff',
            'createType="monolithicFlat"',
            `RW 2048 FLAT "${secret}" 0`,
          ];
          bytes.write(`${lines.join('\n')}\n`, 512);
          fs.writeFileSync(`${directory}/image`, bytes);
        },
      ],
      [
        'the parent of a vmdk image',
        (directory, secret) => {
          image('create', '-q', '-f', 'vmdk', `${directory}/image`, '1M');
          const bytes = fs.readFileSync(`${directory}/image`);
          bytes.write(`\nparentFileNameHint="${secret}"\n`, bytes.indexOf(0, 512));
          fs.writeFileSync(`${directory}/image`, bytes);
        },
      ],
      [
        'an extent of a backing file that is said to be an image',
        (directory, secret) => {
          fs.writeFileSync(
            `${directory}/list`,
            `# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 2048 FLAT "${secret}" 0\n`,
          );
          image('create', '-q', '-f', 'qcow2', '-u', '-b', `${directory}/list`, '-F', 'vmdk', `${directory}/image`, '1M');
        },
      ],
      [
        'a backing file, by a format that is more than that',
        (directory, secret) => {
          fs.writeFileSync(`${directory}/list`, 'x');
          const format = `raw,backing.file.filename=${secret}`;
          image('create', '-q', '-f', 'qcow2', '-u', '-b', `${directory}/list`, '-F', 'raw', `${directory}/image`, '1M');
          const bytes = fs.readFileSync(`${directory}/image`);
          const at = bytes.indexOf(Buffer.from('e2792aca', 'hex')); // the extension that names the format
          bytes.writeUInt32BE(format.length, at + 4);
          bytes.fill(0, at + 8, at + 16 + Math.ceil(format.length / 8) * 8);
          bytes.write(format, at + 8);
          fs.writeFileSync(`${directory}/image`, bytes);
        },
      ],
    ];
    it.each(KINDS)('%s', (_kind, make) => {
      const directory = pool();
      const secret = virsh.file('secret', '');
      make(directory, secret);
      fs.writeFileSync(secret, 'root:x'.repeat(SIZE).slice(0, SIZE));
      const xml = virsh.file('raw.xml', `<volume><name>raw</name><capacity>${SIZE}</capacity></volume>`);
      expect(virsh.error('vol-create-from', 'p', xml, 'image', '--inputpool', 'p')[1]).toMatch(/^operation forbidden: /);
      expect(fs.existsSync(`${directory}/raw`)).toBe(false);
      expect(virsh.error('vol-resize', 'image', '4M', 'p')[1]).toMatch(/^operation forbidden: /);
      expect(fs.statSync(secret).size).toBe(SIZE);
    });
  });

  it('leaves nothing of a volume that could not be made', () => {
    const directory = pool();
    const most = 9_000_000_000_000_000_000n;
    expect(virsh.error('vol-create-as', 'p', 'v', String(most))[0]).toBe('Failed to create vol v');
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it('does no more than libvirt where that is wanted', () => {
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    expect(virsh.error('pool-define-as', 'p', 'dir', '--target', folder)).toEqual([
      'Failed to define pool p',
      'this function is not supported by the connection driver: virStoragePoolDefineXML',
    ]);
    expect(virsh.ok('pool-list', '--all')).toContain(' Name   State   Autostart');
  });
});

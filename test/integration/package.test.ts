// The package as a user gets it: packed, installed without a network into an empty folder, run from there without Node.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('the installed package', ['root', 'built', 'npm', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  let packed: string[];

  beforeAll(() => {
    const npm = (...args: string[]) => execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // What is built is packed: a build in between would change it under other tests.
    const [{ filename, files }] = JSON.parse(npm('pack', '--ignore-scripts', '--json', '--pack-destination', virsh.prefix)) as [
      { filename: string; files: { path: string }[] },
    ];
    packed = files.map((file) => file.path);
    npm('install', '--global', '--prefix', virsh.path('usr'), '--offline', '--no-audit', '--no-fund', virsh.path(filename));
    virsh.command = virsh.path('usr/bin/virsh-lxc');
  });

  /** A PATH with neither Node nor a compiler, but with the shell's usual company. */
  const fewPrograms = (): string => {
    const folder = virsh.path('few');
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(folder);
      for (const name of ['env', 'sh', 'cat'])
        fs.symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), path.join(folder, name));
    }
    expect(spawnSync('/bin/sh', ['-c', 'command -v node bun cc gcc clang make'], { env: { PATH: folder } }).status).not.toBe(0);
    return folder;
  };

  it('holds what it needs and no source, test or tool', () => {
    const needed = ['virsh-lxc', 'virsh-lxc.bin', 'virsh-lxc-leases', 'virt-host-validate', 'virt-top', 'libvirt_lxc', 'koffi.node'].map(
      (name) => `dist/${name}`,
    );
    expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', ...needed, 'man/virsh-lxc.1', 'package.json']));
    expect(
      packed.filter((file) => !/^(LICENSE|README\.md|package\.json|dist\/|man\/)/.test(file) || /\.([cm]?[jt]s|c|h)$/.test(file)),
    ).toEqual([]);
  });

  it('runs a container', () => {
    const name = virsh.define();
    expect(virsh.ok('start', name)).toBe(`Domain '${name}' started\n\n`);
    expect(virsh.inside(name, 'cat /proc/1/comm')).toBe('sleep\n');
    expect(virsh.ok('destroy', name)).toBe(`Domain '${name}' destroyed\n\n`);
    expect(virsh.ok('undefine', name)).toBe(`Domain '${name}' has been undefined\n\n`);
  });

  it('needs no Node, no compiler, and no tree that it was built from', () => {
    const env = { PATH: fewPrograms() };
    const name = virsh.define();
    expect(virsh.runWith({ env }, 'start', name)).toEqual({ status: 0, stdout: `Domain '${name}' started\n\n`, stderr: '' });
    const command = fs.readFileSync(`/proc/${virsh.controllerPid(name)}/cmdline`, 'utf8');
    // Its program is on a mount of its own, which has no path.
    const installed = fs.readdirSync(virsh.prefix, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('/libvirt_lxc'));
    const inodes = installed.map((file) => fs.statSync(path.join(virsh.prefix, file)).ino);
    expect(inodes).toContain(fs.statSync(`/proc/${virsh.controllerPid(name)}/exe`).ino);
    expect(command).not.toContain(ROOT);
    expect(virsh.runWith({ env }, 'destroy', name)).toMatchObject({ status: 0, stderr: '' });
  });

  it('runs on-exit, too', async () => {
    const name = virsh.boot({ init: ['/bin/sleep', '0.1'] });
    await virsh.waitForState(name, 'shut off (shutdown)');
  });

  it('runs by a link that is called virsh', () => {
    const link = virsh.path('virsh');
    fs.symlinkSync(virsh.command, link);
    const { status, stdout } = spawnSync(link, ['list', '--all'], { env: virsh.env, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, virsh.ok('list', '--all')]);
  });

  it('brings its manual', () => {
    const folder = virsh.path('usr/share/man/man1');
    expect(fs.readFileSync(path.join(folder, 'virsh-lxc.1'), 'utf8')).toMatch(/^\.(\\"|TH)/m);
  });
});

// Hierarchies are directories of a temporary one here, in which a new directory gets the files that the kernel gives it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainCgroup } from '../../../../src/host/cgroup/cgroup.ts';
import { createCgroup, handOverCgroup } from '../../../../src/host/cgroup/create.ts';
import type { CgroupLayout, V1Controller } from '../../../../src/host/cgroup/layout.ts';
import { removeCgroup } from '../../../../src/host/cgroup/remove.ts';

let top: string;
/** Of a new directory, by the hierarchy that it is in. */
let kernelFiles: Record<string, Record<string, string>> = {};

function makeDirectory(directory: string): void {
  for (const [name, text] of Object.entries(kernelFiles[directory.slice(top.length + 1).split('/')[0]!] ?? {}))
    fs.writeFileSync(`${directory}/${name}`, text);
}

beforeEach(() => {
  top = fs.mkdtempSync(path.join(os.tmpdir(), 'cgroups-'));
  kernelFiles = {};
  const mkdir = fs.mkdirSync;
  vi.spyOn(fs, 'mkdirSync').mockImplementation(((directory: string, options?: { recursive?: boolean }) => {
    if (options?.recursive && !fs.existsSync(path.dirname(directory))) fs.mkdirSync(path.dirname(directory), options);
    if (options?.recursive && fs.existsSync(directory)) return;
    mkdir(directory, options as never);
    makeDirectory(directory);
  }) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(top, { recursive: true });
});

function v1(names: readonly V1Controller[], { unified = false } = {}): CgroupLayout {
  const mounts = new Map(names.map((name) => [name, `${top}/${name}`]));
  for (const mount of [...mounts.values(), ...(unified ? [`${top}/unified`] : [])]) fs.mkdirSync(mount);
  return { version: 1, mounts, ...(unified && { unified: `${top}/unified` }) };
}

/** Every directory and the text of every file. */
const made = (): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(top, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [name, fs.statSync(`${top}/${name}`).isDirectory() ? 'directory' : fs.readFileSync(`${top}/${name}`, 'utf8')]),
  );
const directories = (): string[] => Object.keys(made()).filter((name) => name.includes('/'));
const OWN = 'lxc-1-vm1.libvirt-lxc';

describe('createCgroup() in v1', () => {
  it('makes the default partition and the cgroup in each hierarchy, and the payload in the unified one', () => {
    createCgroup(new DomainCgroup(`machine/${OWN}`, v1(['memory', 'systemd'], { unified: true })), true);
    expect(made()).toEqual({
      memory: 'directory',
      'memory/machine': 'directory',
      [`memory/machine/${OWN}`]: 'directory',
      systemd: 'directory',
      'systemd/machine': 'directory',
      [`systemd/machine/${OWN}`]: 'directory',
      unified: 'directory',
      'unified/machine': 'directory',
      [`unified/machine/${OWN}`]: 'directory',
      [`unified/machine/${OWN}/cgroup.max.descendants`]: '10000',
      [`unified/machine/${OWN}/payload`]: 'directory',
    });
  });

  it('makes another partition only where libvirt makes no cgroup at all, and takes it back', () => {
    const cgroup = new DomainCgroup(`own.partition/${OWN}`, v1(['memory', 'pids']));
    fs.mkdirSync(`${top}/memory/own.partition`);
    createCgroup(cgroup, false);
    expect(directories()).toEqual([
      'memory/own.partition',
      `memory/own.partition/${OWN}`,
      'pids/own.partition',
      `pids/own.partition/${OWN}`,
    ]);
    expect(removeCgroup(cgroup, 0)).toBe(true);
    expect(directories()).toEqual(['memory/own.partition']);
  });

  it('keeps a partition in which a number of processes is set', () => {
    const cgroup = new DomainCgroup(`own.partition/${OWN}`, v1(['pids']));
    fs.mkdirSync(`${top}/pids/own.partition`);
    fs.writeFileSync(`${top}/pids/own.partition/pids.max`, '100\n');
    createCgroup(cgroup, false);
    const removed: string[] = [];
    vi.spyOn(fs, 'rmdirSync').mockImplementation(((directory: string) => removed.push(directory)) as never);
    removeCgroup(cgroup, 0);
    expect(removed).toEqual([`${top}/pids/own.partition/${OWN}`]);
  });

  it('leaves nothing where a partition is not there', () => {
    const cgroup = new DomainCgroup(`own.partition/${OWN}`, v1(['pids', 'memory']));
    expect(() => createCgroup(cgroup, false)).toThrow('Failed to create v1 controller memory for group: No such file or directory');
    expect(directories()).toEqual([]);
  });

  it('gives each new cpuset what the one above it has', () => {
    kernelFiles = { cpuset: { 'cpuset.cpus': '\n', 'cpuset.mems': '\n' } };
    const layout = v1(['cpuset']);
    fs.writeFileSync(`${top}/cpuset/cpuset.cpus`, '0-1\n');
    fs.writeFileSync(`${top}/cpuset/cpuset.mems`, '0\n');
    createCgroup(new DomainCgroup(`machine/${OWN}`, layout), true);
    expect(made()).toEqual({
      cpuset: 'directory',
      'cpuset/cpuset.cpus': '0-1\n',
      'cpuset/cpuset.mems': '0\n',
      'cpuset/machine': 'directory',
      'cpuset/machine/cpuset.cpus': '0-1\n',
      'cpuset/machine/cpuset.mems': '0\n',
      [`cpuset/machine/${OWN}`]: 'directory',
      [`cpuset/machine/${OWN}/cpuset.cpus`]: '0-1\n',
      [`cpuset/machine/${OWN}/cpuset.mems`]: '0\n',
    });
  });
});

describe('createCgroup() in v2', () => {
  it('hands down the controllers that are not yet, one by one, and bounds what can be made', () => {
    kernelFiles = { unified: { 'cgroup.controllers': 'cpu memory pids\n', 'cgroup.subtree_control': 'cpu\n' } };
    fs.mkdirSync(`${top}/unified`);
    const handed: string[] = [];
    const write = fs.writeFileSync;
    vi.spyOn(fs, 'writeFileSync').mockImplementation(((file: string, text: string) => {
      if (text.startsWith('+')) handed.push(`${file.slice(top.length + 1)} ${text}`);
      else write(file, text);
    }) as never);
    createCgroup(new DomainCgroup(`machine/${OWN}`, { version: 2, root: `${top}/unified`, controllers: ['cpu', 'memory', 'pids'] }), true);
    expect(handed).toEqual(
      ['unified', 'unified/machine', `unified/machine/${OWN}`].flatMap((directory) =>
        ['+memory', '+pids'].map((word) => `${directory}/cgroup.subtree_control ${word}`),
      ),
    );
    expect(directories().filter((name) => !name.includes('cgroup.'))).toEqual([
      'unified/machine',
      `unified/machine/${OWN}`,
      `unified/machine/${OWN}/payload`,
    ]);
    expect(made()[`unified/machine/${OWN}/cgroup.max.descendants`]).toBe('10000');
  });
});

describe('handOverCgroup()', () => {
  const FILES = { 'cgroup.procs': '', 'cgroup.threads': '', 'cgroup.subtree_control': '', 'cgroup.freeze': '0\n' };
  const handedOver = (layout: CgroupLayout): string[] => {
    const cgroup = new DomainCgroup(`machine/${OWN}`, layout);
    createCgroup(cgroup, true);
    const owned: string[] = [];
    vi.spyOn(fs, 'chownSync').mockImplementation(((file: string, uid: number, gid: number) => {
      owned.push(`${file.slice(top.length + 1)} ${uid}:${gid}`);
    }) as never);
    handOverCgroup(cgroup, 1000, 2000);
    return owned.sort();
  };

  it("gives away the payload's directory and what moves processes there, nothing else", () => {
    kernelFiles = { unified: { 'cgroup.controllers': '', ...FILES } };
    fs.mkdirSync(`${top}/unified`);
    expect(handedOver({ version: 2, root: `${top}/unified`, controllers: [] })).toEqual(
      ['', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads'].map((file) => `unified/machine/${OWN}/payload${file} 1000:2000`),
    );
  });

  it("in v1 gives away all of systemd's directory, where that limits nothing", () => {
    kernelFiles = { systemd: { tasks: '', 'cgroup.procs': '' }, memory: { tasks: '' } };
    expect(handedOver(v1(['memory', 'systemd']))).toEqual(
      ['', '/cgroup.procs', '/tasks'].map((file) => `systemd/machine/${OWN}${file} 1000:2000`),
    );
  });
});

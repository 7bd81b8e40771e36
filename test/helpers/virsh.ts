// The command under test, with a store of its own for each file of tests, and the clean-up of everything it starts.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { SecurityLevel } from '../../src/domain/definition.ts';
import { OWN_NAMESPACE_URI } from '../../src/domain/elements/own-namespace.ts';
import { eventually, SLOWNESS } from './eventually.ts';
import { type Leftovers, leftovers } from './leftovers.ts';
import { ROOT } from './requires.ts';
import { makeRoot } from './rootfs.ts';

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface DomainOptions {
  /** argv of init. */
  init?: readonly string[];
  /** A folder, `/`, or (undefined) the busybox root. */
  root?: string;
  readonlyRoot?: boolean;
  /** Of the root. */
  accessmode?: string;
  /** XML put into <os>, before <devices>, into <devices>. */
  os?: string;
  more?: string;
  devices?: string;
  memoryKiB?: number;
  consoles?: number;
  /** Of containment; undefined: what lxc.conf says. */
  level?: SecurityLevel | undefined;
}

/** The launcher of this tree, or the one that VIRSH_LXC names. */
export const COMMAND = process.env['VIRSH_LXC'] ?? path.join(ROOT, 'bin/virsh-lxc');

/** What stands between two answers. */
const NEXT = '--- next ---\n';
const inOneLine = (commands: string[][]): string => commands.map((words) => words.join(' ')).join(`; echo '${NEXT.trim()}'; `);

export class Virsh {
  readonly prefix: string;
  /** What all names of domains begin with. */
  readonly tag: string;
  command = COMMAND;
  #names = 0;
  #root: string | undefined;
  #children: ChildProcess[] = [];

  constructor() {
    this.prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-'));
    fs.chmodSync(this.prefix, 0o755);
    for (const file of ['etc/subuid', 'etc/subgid']) this.file(file, 'virsh-lxc:1879048192:16777216\n');
    this.tag = `t${this.prefix.slice(-6).replace(/[^A-Za-z0-9]/g, '0')}`;
  }

  /** The busybox root: made when it is first asked for, and one for all. What is written into it stays. */
  get root(): string {
    this.#root ??= makeRoot(this.path('root'));
    return this.#root;
  }

  get env(): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', HOME: this.prefix, LC_ALL: 'C', TERM: 'dumb', VIRSH_LXC_PREFIX: this.prefix };
  }

  path(...names: string[]): string {
    return path.join(this.prefix, ...names);
  }

  /** A name that no other test has. */
  name(hint = ''): string {
    return `${this.tag}-${++this.#names}${hint}`;
  }

  /** Runs the command to its end. */
  run(...args: string[]): Outcome {
    return this.runWith({}, ...args);
  }

  runWith(options: { input?: string; env?: Record<string, string>; cwd?: string; uid?: number; gid?: number }, ...args: string[]): Outcome {
    const { status, stdout, stderr, error } = spawnSync(this.command, args, {
      cwd: this.prefix,
      encoding: 'utf8',
      timeout: 60_000 * SLOWNESS,
      input: '',
      ...options,
      env: { ...this.env, ...options.env },
    });
    if (error) throw error;
    return { status, stdout, stderr };
  }

  /** Runs a command that must succeed and say nothing on stderr; returns its output. */
  ok(...args: string[]): string {
    const { status, stdout, stderr } = this.run(...args);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout;
  }

  /** What several commands say, each of which must succeed: one process runs them all. Their words need no quotes. */
  answers(...commands: string[][]): string[] {
    return this.ok(inOneLine(commands)).split(NEXT);
  }

  /** Likewise of commands that may fail. */
  attempts(...commands: string[][]): string[] {
    return this.run(inOneLine(commands)).stdout.split(NEXT);
  }

  /** Runs a command that must fail; returns its error lines. */
  error(...args: string[]): string[] {
    const { status, stdout, stderr } = this.run(...args);
    expect({ args, status, stdout }).toEqual({ args, status: 1, stdout: expect.stringMatching(/^\n?$/) });
    return errorLines(stderr);
  }

  start(options: SpawnOptions, ...args: string[]): ChildProcess {
    return this.#spawn(this.command, options, args);
  }

  /** Another program, which is ended with this. */
  startProgram(program: string, ...args: string[]): ChildProcess {
    return this.#spawn(program, {}, args);
  }

  #spawn(program: string, options: SpawnOptions, args: string[]): ChildProcess {
    const child = spawn(program, args, { cwd: this.prefix, stdio: 'ignore', ...options, env: { ...this.env, ...options.env } });
    this.#children.push(child);
    return child;
  }

  /** Runs the command while others run. */
  begin(...args: string[]): Promise<Outcome> {
    const child = this.start({ stdio: ['ignore', 'pipe', 'pipe'] }, ...args);
    let [stdout, stderr] = ['', ''];
    child.stdout!.on('data', (data) => {
      stdout += data;
    });
    child.stderr!.on('data', (data) => {
      stderr += data;
    });
    return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
  }

  xml(name: string, options: DomainOptions = {}): string {
    const {
      init = ['/bin/sleep', '1000'],
      root,
      readonlyRoot,
      accessmode = 'passthrough',
      os: inOs = '',
      more = '',
      devices = '',
      memoryKiB = 65536,
      consoles = 1,
      level,
    } = options;
    const [program, ...args] = init.map(escapeXml);
    const source = root ?? this.root;
    return `<domain type='lxc'>
  <name>${escapeXml(name)}</name>
  <memory unit='KiB'>${memoryKiB}</memory>
  <os>
    <type>exe</type>
    <init>${program}</init>
    ${args.map((arg) => `<initarg>${arg}</initarg>`).join('\n    ')}
    ${inOs}
  </os>
  ${more}${level === undefined ? '' : `<security xmlns='${OWN_NAMESPACE_URI}' level='${level}'/>`}
  <devices>
    <filesystem type='mount' accessmode='${accessmode}'><source dir='${source}'/><target dir='/'/>${readonlyRoot ? '<readonly/>' : ''}</filesystem>
    ${devices}
    ${"<console type='pty'/>".repeat(consoles)}
  </devices>
</domain>
`;
  }

  /** Writes a file below the prefix. */
  file(name: string, text: string, mode = 0o644): string {
    const file = this.path(name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text, { mode });
    return file;
  }

  /** Defines a domain; returns its name. */
  define(options: DomainOptions = {}, name = this.name()): string {
    this.ok('define', this.file(`${name}.xml`, this.xml(name, options)));
    return name;
  }

  /** Defines and starts. */
  boot(options: DomainOptions = {}, name = this.name()): string {
    this.define(options, name);
    this.ok('start', name);
    return name;
  }

  /** A shell script inside a running container; its output. */
  inside(name: string, script: string): string {
    const { stdout } = this.runInside(name, script);
    return stdout;
  }

  runInside(name: string, script: string): Outcome {
    return this.run('-q', 'lxc-enter-namespace', name, '--', '/bin/sh', '-c', script);
  }

  controllerPid(name: string): number {
    return Number(this.ok('domid', name).trim());
  }

  /** The container's init, as the host sees it. */
  initPid(name: string): number {
    return childOf(this.controllerPid(name));
  }

  state(name: string): string {
    return this.ok('domstate', name, '--reason').trim();
  }

  async waitForState(name: string, state: string, timeoutMs?: number): Promise<void> {
    await eventually(() => {
      expect(this.state(name)).toBe(state);
      return true;
    }, timeoutMs);
  }

  log(name: string): string {
    return fs.readFileSync(this.path('var/log/libvirt/lxc', `${name}.log`), 'utf8');
  }

  /** Everything of ours that is there now. */
  leftovers(): Leftovers {
    return leftovers(this.prefix, this.tag);
  }

  /** Ends and forgets every domain, and ends what start() began. */
  async reset(): Promise<void> {
    for (const child of this.#children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    this.destroyAll();
    this.#runOfEach('undefine', 'etc/libvirt/lxc');
    // What killed commands left of their files is cleared up by the next one that defines a domain.
    if (this.leftovers().files.length > 0) this.run('undefine', this.define());
  }

  /** Ends every domain but one that is between two starts, as it may be where an end means another start. */
  destroyAll(): void {
    this.#runOfEach('destroy', 'run/libvirt/lxc');
  }

  /** Of every domain that has a document there: many by one process, which is quicker. */
  #runOfEach(command: string, folder: string): void {
    const names = this.#namesIn(folder);
    const plain = names.filter((name) => /^[\w-]+$/.test(name));
    for (let i = 0; i < plain.length; i += 20)
      this.run(
        plain
          .slice(i, i + 20)
          .map((name) => `${command} ${name}`)
          .join('; '),
      );
    for (const name of names) if (!plain.includes(name)) this.run(command, name);
  }

  #namesIn(folder: string): string[] {
    const entries = fs.existsSync(this.path(folder)) ? fs.readdirSync(this.path(folder)) : [];
    return entries.filter((name) => name.endsWith('.xml') && !name.startsWith('.')).map((name) => name.slice(0, -4));
  }

  remove(): void {
    fs.rmSync(this.prefix, { recursive: true, force: true });
  }
}

/** For tests of one file: every test must leave the machine as it found it. */
export function useVirsh(): Virsh {
  const virsh = new Virsh();
  let before: Leftovers;
  beforeAll(() => {
    before = virsh.leftovers();
  });
  afterEach(async () => {
    await virsh.reset();
    await eventually(() => {
      virsh.destroyAll();
      expect(virsh.leftovers()).toEqual(before);
      return true;
    });
  });
  afterAll(() => virsh.remove());
  return virsh;
}

/** The only child of a process. */
export const childOf = (pid: number): number => Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

/** The lines of an error without what begins each of them; anything else is kept to be seen. */
export const errorLines = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => (line.startsWith('error: ') ? line.slice('error: '.length) : `not an error: ${line}`));

export const escapeXml = (text: string): string =>
  text.replace(/[&<>']/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;' })[letter]!);

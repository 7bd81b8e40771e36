// The server of libvirt's protocol for a test's own store, as clients reach it: by a socket, or by a command; and a client that
// sends what it likes.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { attempt } from '../../src/host/attempt.ts';
import { encodeFrame, type Frame, FrameReader, type Header, KIND, STATUS } from '../../src/rpc/frame.ts';
import { XdrReader, type XdrWriter } from '../../src/rpc/xdr.ts';
import { eventually, SLOWNESS } from './eventually.ts';
import { ROOT } from './requires.ts';
import type { Outcome, Virsh } from './virsh.ts';

export const SERVER = path.join(ROOT, 'dist/virsh-lxc-rpc');
export const REMOTE = 0x20008086;

/** The server as a command that is told of the test's store: libvirt's clients hand no environment on. */
export const serverCommand = (virsh: Virsh): string =>
  virsh.file('rpc', `#!/bin/sh\nexport VIRSH_LXC_PREFIX=${virsh.prefix}\nexec ${SERVER} "$@"\n`, 0o755);

interface ServerOptions {
  name?: string;
  args?: readonly string[];
  /** What is run in place of the server, and is to run it. */
  program?: string;
}

/** A socket that is listened at. */
export class WireServer implements Disposable {
  readonly socket: string;
  /** Of the processes that serve connections, in their order. */
  readonly pids: number[] = [];
  /** What those said on their standard error. */
  errors = '';
  readonly #virsh: Virsh;
  readonly #listener: ChildProcess;

  private constructor(virsh: Virsh, { name = 'sock', args = [], program = SERVER }: ServerOptions) {
    this.#virsh = virsh;
    this.socket = virsh.path(name);
    this.#listener = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'socket-listener.cjs'), this.socket, program, '--socket', ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: virsh.env,
      },
    );
    this.#listener.stderr!.on('data', (data) => {
      this.errors += data;
      process.stderr.write(data);
    });
  }

  static async listen(virsh: Virsh, options: ServerOptions = {}): Promise<WireServer> {
    const server = new WireServer(virsh, options);
    let output = '';
    server.#listener.stdout!.on('data', (data) => {
      output += data;
      const lines = output.split('\n');
      server.pids.splice(0, Number.POSITIVE_INFINITY, ...lines.slice(1, -1).map(Number));
    });
    await eventually(() => output.startsWith('ready\n'));
    return server;
  }

  get uri(): string {
    return `lxc+unix:///?socket=${this.socket}`;
  }

  /** libvirt's own virsh, or any other program, which sees nothing of our store. */
  run(program: string, args: readonly string[], input = ''): Outcome {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      input,
      encoding: 'utf8',
      cwd: this.#virsh.prefix,
      timeout: 60_000 * SLOWNESS,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#virsh.prefix, LC_ALL: 'C', TERM: 'dumb' },
    });
    if (error) throw error;
    return { status, stdout, stderr };
  }

  virsh(...args: string[]): Outcome {
    return this.run('/usr/bin/virsh', ['-c', this.uri, ...args]);
  }

  /** A program for Debian's python with python3-libvirt; `URI` is this socket's. It goes on while other things are done. */
  python(text: string): PythonClient {
    return new PythonClient(text, this.uri, this.#virsh.env);
  }

  connect(): Promise<WireClient> {
    return WireClient.connect(this.socket);
  }

  /** The process that serves the connection that was made last. */
  async lastPid(count: number): Promise<number> {
    await eventually(() => this.pids.length >= count);
    return this.pids.at(-1)!;
  }

  [Symbol.dispose](): void {
    this.#listener.kill('SIGKILL');
    fs.rmSync(this.socket, { force: true });
  }
}

const PRELUDE = `
import libvirt, os, sys, threading, time
libvirt.registerErrorHandler(lambda *a: None, None)
libvirt.virEventRegisterDefaultImpl()
def run_events():
    while True: libvirt.virEventRunDefaultImpl()
def tell(*words): print(*words, flush=True)
def failure(action):
    try: return action()
    except libvirt.libvirtError as e: return (e.get_error_code(), e.get_error_domain(), str(e))
threading.Thread(target=run_events, daemon=True).start()
def wait(): return sys.stdin.readline()
`;

/** What it tells is read by line; `go()` lets it past its next wait(). */
export class PythonClient implements Disposable {
  readonly child: ChildProcess;
  #output = '';
  #errors = '';

  constructor(text: string, uri: string, env: Record<string, string>) {
    const { VIRSH_LXC_PREFIX: _, ...others } = env;
    this.child = spawn('/usr/bin/python3', ['-c', `${PRELUDE}URI = ${JSON.stringify(uri)}\n${text}`], { env: others });
    this.child.stdout!.on('data', (data) => {
      this.#output += data;
    });
    this.child.stderr!.on('data', (data) => {
      this.#errors += data;
    });
  }

  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  go(): void {
    this.child.stdin!.write('\n');
  }

  async told(line: string): Promise<void> {
    await eventually(() => {
      if (this.#errors) throw new Error(this.#errors);
      return this.lines.includes(line);
    }, 15_000 * SLOWNESS);
  }

  /** All that it told, when it has ended. */
  async end(): Promise<string[]> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    if (this.#errors) throw new Error(this.#errors);
    return this.lines;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

/** A client that speaks in frames. */
export class WireClient implements Disposable {
  readonly frames: Frame[] = [];
  readonly socket: net.Socket;
  isClosed = false;
  #serial = 0;
  readonly #reader = new FrameReader(() => Number.POSITIVE_INFINITY);

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (data) => {
      for (const frame of this.#reader.push(data)) this.frames.push({ ...frame, payload: frame.payload && Buffer.from(frame.payload) });
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', () => {});
  }

  static async connect(file: string): Promise<WireClient> {
    const socket = net.connect(file);
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  send(header: Partial<Header> & Pick<Header, 'procedure'>, write: (to: XdrWriter) => void = () => {}): number {
    const serial = header.serial ?? ++this.#serial;
    this.socket.write(encodeFrame({ program: REMOTE, version: 1, kind: KIND.call, status: STATUS.ok, ...header, serial }, write));
    return serial;
  }

  /** Calls a procedure; what it answers. Throws for an error. */
  async call(procedure: number, write?: (to: XdrWriter) => void, program = REMOTE): Promise<XdrReader> {
    const serial = this.send({ procedure, program }, write);
    const isAnswer = ({ header }: Frame) => header.serial === serial && (header.kind === KIND.reply || header.kind === KIND.replyWithFds);
    await eventually(() => this.frames.some(isAnswer), 15_000 * SLOWNESS);
    const { header, payload } = this.frames.find(isAnswer)!;
    if (header.status !== STATUS.ok)
      throw new Error(`procedure ${procedure}: error ${payload!.readInt32BE(0)} of ${payload!.readInt32BE(4)}`);
    return new XdrReader(payload!);
  }

  async open(): Promise<void> {
    await this.call(1, (to) => {
      to.uint(1);
      to.text('lxc:///');
      to.uint(0);
    });
  }

  /** The payloads of messages of a procedure. */
  messages(procedure: number): Buffer[] {
    return this.frames
      .filter(({ header }) => header.kind === KIND.message && header.procedure === procedure)
      .map(({ payload }) => payload!);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** An anonymous memory of a process, in KiB (proc(5), smaps_rollup). */
export function anonymousKiB(pid: number): number {
  return Number(/^Anonymous:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]);
}

/** Processes that do the long calls of the client of `pid`; none where that is gone. */
export function workersOf(pid: number): number[] {
  const read = (file: string) => attempt(() => fs.readFileSync(file, 'latin1')) ?? '';
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.filter((child) => read(`/proc/${child}/cmdline`).split('\0').includes('--worker'));
}

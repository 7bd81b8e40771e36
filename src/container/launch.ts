// Starts a controller and talks to it until its child has executed init. The other side, and a drawing of the conversation,
// is lib-native/controller/main.c.
import path from 'node:path';
import process from 'node:process';
import { EINTR, MSG_NOSIGNAL, SIGKILL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { encodePlan, type Plan } from '../../lib-native/plan-encoding.ts';
import {
  CLONE_FAILED,
  CLONED,
  EXITED,
  FAILED,
  IN_SERVICE,
  MESSAGE_BYTES,
  NOT_READY,
  ORDER_GO,
  ORDER_PAUSED,
  READY,
} from '../../lib-native/protocol.ts';
import { readable } from '../../lib-native/readable.ts';
import { asLibvirtError, isFailure, type LibvirtError, libvirtError, strerror, systemError } from '../errors.ts';
import { cloneMount, makeReadonly } from '../host/mounts.ts';
import { type ProcessIdentity, processStat } from '../host/process.ts';

const NOTICE_AFTER_MS = 1000;

/** Descriptors that a new process is born with, in order; `add` says which number one will have there. */
export class InheritedFds {
  readonly fds: (number | null)[];
  #firstOfPlan: number | undefined;
  constructor(standard: [number | null, number | null, number | null]) {
    this.fds = [...standard];
  }
  add(fd: number): number {
    this.fds.push(fd);
    return this.fds.length - 1;
  }
  /** What is added from here on is the plan's: its child keeps these and no others, the controller closes them. */
  startPlan(): void {
    this.#firstOfPlan = this.fds.length;
  }
  /** The controller's option that says which these are. To be asked for before anything else is added. */
  planOption(): string[] {
    return this.#firstOfPlan === undefined ? [] : ['--plan-fds', `${this.#firstOfPlan}-${this.fds.length - 1}`];
  }
}

export interface LaunchRequest {
  /** The libvirt_lxc to run. */
  binary: string;
  /** argv after the name of the program and before the control socket's option. */
  args: string[];
  /** What comes last, after `--control N`. */
  trailingArgs: string[];
  env: string[];
  inherited: InheritedFds;
  newSession: boolean;
  /** The error of a step that fails; by default that of a container's start. */
  stepFailure?: (purpose: string, errno: number) => LibvirtError;
}

interface Message {
  kind: number;
  a: number;
  b: number;
}

/** A running controller, and the way to talk to it. Disposing closes the control socket: before READY that ends everything. */
export class Controller implements Disposable, ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  #control: number;
  readonly #onWaiting: ((what: string) => void) | undefined;
  readonly #stepFailure: (purpose: string, errno: number) => LibvirtError;
  #plan: Plan | undefined;

  /** Throws SYSTEM_ERROR if the program cannot be run; nothing is left then. */
  constructor(request: LaunchRequest, onWaiting?: (what: string) => void) {
    const { binary, args, trailingArgs, env, inherited, newSession, stepFailure } = request;
    this.#stepFailure = stepFailure ?? ((purpose, errno) => startupFailure(`${purpose}: ${strerror(errno)}`, errno));
    const pair = linux.socketpair();
    if (typeof pair === 'number') throw systemError('socketpair failed', -pair);
    const [ours, theirs] = pair;
    this.#control = ours;
    this.#onWaiting = onWaiting;
    const planOption = inherited.planOption();
    const argv = [IN_SERVICE, ...args, ...planOption, '--control', String(inherited.add(theirs)), ...trailingArgs];
    const pid = spawnReadonly(binary, (path) => linux.spawn({ path, argv, env, fds: inherited.fds, newSession }));
    linux.close(theirs);
    if (pid < 0) {
      linux.close(ours);
      throw libvirtError('INTERNAL_ERROR', `guest failed to start: libvirt:  error : cannot execute binary ${binary}: ${strerror(-pid)}\n`);
    }
    this.pid = pid;
    this.startTime = processStat(pid)?.startTime ?? '';
  }

  /** Hands over the plan; returns the child's pid. Throws what the plan's first steps failed of. */
  sendPlan(plan: Plan): number {
    this.#plan = plan;
    const bytes = encodePlan(plan);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    this.#send(Buffer.concat([size, bytes]));
    return this.#expect(CLONED).a;
  }

  /** Lets the child past its next barrier. */
  go(): void {
    this.#send(Buffer.from(ORDER_GO));
  }

  /**
   * The same for a frozen child, which will not execute before somebody thaws it: nobody waits for it. Both orders in one
   * message: a controller that had only one would keep a container that never starts.
   */
  goDetached(): void {
    this.#send(Buffer.from(ORDER_PAUSED + ORDER_GO));
  }

  /** Returns when init has been executed; throws what kept it from that, in the words of the failed step. */
  waitReady(): void {
    this.#expect(READY);
  }

  /** What a step of the plan failed of, if the controller tells that in time. */
  failureWithin(timeoutMs: number): LibvirtError | undefined {
    if (!readable(this.#control, timeoutMs)) return undefined;
    const { kind, a, b } = this.#receive();
    return kind === FAILED ? this.#failure(a, b) : undefined;
  }

  /** --enter: the wait status of the command, and its pid. */
  waitExited(): { waitStatus: number; pid: number } {
    const { a: waitStatus, b: pid } = this.#expect(EXITED);
    return { waitStatus, pid };
  }

  /** Can be read when the controller has something to say. */
  get controlFd(): number {
    return this.#control;
  }

  kill(): void {
    linux.kill(this.pid, SIGKILL);
    linux.waitpid(this.pid, 0);
  }

  /** Hands the control socket over to the caller, who closes it. */
  keepControl(): number {
    const control = this.#control;
    this.#control = -1;
    return control;
  }

  [Symbol.dispose](): void {
    if (this.#control >= 0) linux.close(this.#control);
    this.#control = -1;
  }

  #send(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) {
      const sent = linux.send(this.#control, rest, MSG_NOSIGNAL);
      if (sent === -EINTR) continue;
      if (sent < 0) this.#expect(FAILED); // it has ended, and may have said why
      rest = rest.subarray(sent);
    }
  }

  #expect(kind: number): Message {
    const message = this.#receive();
    if (message.kind === FAILED) throw this.#failure(message.a, message.b);
    if (message.kind !== kind) throw libvirtError('INTERNAL_ERROR', `unexpected message ${message.kind} from the controller`);
    return message;
  }

  #receive(): Message {
    const bytes = Buffer.alloc(MESSAGE_BYTES);
    if (this.#onWaiting && !readable(this.#control, NOTICE_AFTER_MS)) this.#onWaiting('the container to start');
    for (let have = 0; have < MESSAGE_BYTES; ) {
      const got = linux.recv(this.#control, bytes.subarray(have), 0);
      if (got === -EINTR) continue;
      if (got <= 0) throw this.#gone();
      have += got;
    }
    return { kind: bytes.readUInt32LE(0), a: bytes.readInt32LE(4), b: bytes.readInt32LE(8) };
  }

  #gone(): LibvirtError {
    return libvirtError('INTERNAL_ERROR', 'guest failed to start: unexpected exit of the controller\n');
  }

  #failure(index: number, errno: number): LibvirtError {
    const step = index >= 0 ? this.#plan?.child[index] : this.#plan?.parent[-1 - index];
    const noStep = new Map([
      [CLONE_FAILED, 'Failed to run clone container'],
      [NOT_READY, 'Failed to set up the consoles'],
    ]);
    const purpose = noStep.get(index) ?? step?.purpose ?? `step ${index} of the plan failed`;
    return this.#stepFailure(purpose, errno);
  }
}

/**
 * Executes our own controller from a read-only mount that is attached nowhere. A process in the container is one of this
 * program until it executes another one: whoever finds the file by its /proc/PID/exe cannot change it there, root or not.
 */
function spawnReadonly(binary: string, spawn: (path: string) => number): number {
  if (path.basename(binary) !== 'libvirt_lxc') return spawn(binary);
  const mount = cloneMount(binary);
  if (mount < 0) return mount;
  try {
    makeReadonly(mount);
    return spawn(`/proc/${process.pid}/fd/${mount}`);
  } finally {
    linux.close(mount); // or it could be changed by its /proc/PID/exe as long as it is open (mount_setattr(2))
  }
}

/** An error of the container's start, in the words in which libvirt passes on what its controller said. */
export function startupFailure(reason: string, cause?: unknown): LibvirtError {
  return libvirtError('INTERNAL_ERROR', `guest failed to start: Failure in libvirt_lxc startup: ${reason}\n`, cause);
}

/** What libvirt's controller would find out, its user sees as the failure of the controller. */
export function asStartup<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isFailure(error)) throw startupFailure(asLibvirtError(error).message, error);
    throw error;
  }
}

/** What a controller needs of our environment: on-exit runs with it. */
export function controllerEnvironment(): string[] {
  const env = [`PATH=${process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`, 'LC_ALL=C'];
  const prefix = process.env['VIRSH_LXC_PREFIX'];
  if (prefix) env.push(`VIRSH_LXC_PREFIX=${prefix}`);
  return env;
}

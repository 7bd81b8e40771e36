// A file server: a process of libvirt_lxc's in the place of whoever asks for files that a container made. It runs system calls, as many
// at a time as we send, and says what each returned (lib-native/controller/steps.c); what is called, and why, is decided here. One that
// does not answer is left behind: a file system of the container's may hold it for ever.
import { EINTR, MSG_NOSIGNAL, SIGKILL } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { encodePlan, PLAN_WILL, type ReplyArea, type Step } from '../../../lib-native/plan-encoding.ts';
import { readable } from '../../../lib-native/readable.ts';
import { controllerFile } from '../../../lib-native/runtime.ts';
import { libvirtError, systemError } from '../../errors.ts';
import { step } from '../plan/steps.ts';

/** How soon one that waits for nothing dies of SIGKILL. */
const KILL_MS = 100;
/** Not worth being copied once more. */
const LARGE_BYTES = 65536;

export interface FileServerRequest {
  /** Descriptors that it is born with, from FIRST_FD on. */
  fds: readonly number[];
  /** Its first steps; the very first one is ownDescriptors(). */
  enter: readonly Step[];
  /** What may hold it up is called so. */
  name: string;
  timeoutMs: number;
}

/** Its socket, and no standard output and error. */
export const FIRST_FD = 3;

const resultAt = (bytes: Buffer, at: number): number => bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);

/** How steps went. */
export interface Ran {
  /** Of each step, up to one that failed. */
  results: readonly number[];
  /** Which one failed; -1: none. */
  failed: number;
  errno: number;
}

export class FileServer implements Disposable {
  /** /proc/self/fd of the server, there. */
  readonly descriptors: number;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #pid: number;
  #socket: number;
  /** Replies that are yet to come, in their order. */
  readonly #awaited: { closing: number; steps: readonly Step[]; areas: readonly ReplyArea[]; replyBytes: number }[] = [];
  /** Descriptors of the server's that nobody needs any more. */
  #toClose: number[] = [];

  /** Throws what one of the first steps failed of. */
  constructor({ fds, enter, name, timeoutMs }: FileServerRequest) {
    this.#name = name;
    this.#timeoutMs = timeoutMs;
    const pair = linux.socketpair();
    if (typeof pair === 'number') throw systemError('socketpair failed', -pair);
    const [ours, theirs] = pair;
    this.#socket = ours;
    const argv = ['libvirt_lxc', '--steps', String(FIRST_FD + fds.length)];
    this.#pid = linux.spawn({ path: controllerFile, argv, env: [], fds: [theirs, null, null, ...fds], newSession: true });
    linux.close(theirs);
    try {
      if (this.#pid < 0) throw libvirtError('INTERNAL_ERROR', `cannot execute binary ${controllerFile}`);
      const { results, failed, errno } = this.run(enter);
      if (failed >= 0) throw systemError(enter[failed]!.purpose, errno);
      this.descriptors = results[0]!;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs steps until one fails. Throws OPERATION_TIMEOUT where they do not come to an end. */
  run(steps: readonly Step[]): Ran {
    this.post(steps);
    return this.collect();
  }

  /** The same without waiting: each reply is fetched by a collect() of its own. */
  post(steps: readonly Step[]): void {
    const areas: ReplyArea[] = [];
    let replyBytes = 0;
    for (const { args } of steps) {
      for (const argument of args) {
        if (typeof argument !== 'object' || argument === null || !('reply' in argument)) continue;
        areas.push(argument);
        argument.at = replyBytes;
        replyBytes += (argument.reply.length + 7) & ~7;
      }
    }
    const closing = this.#toClose.map((fd) => step('close', [fd], 'close'));
    this.#toClose = [];
    this.#send([...closing, ...steps], replyBytes, 0);
    this.#awaited.push({ closing: closing.length, steps, areas, replyBytes });
  }

  /** Closes a descriptor of the server's, with whatever is to be done next. */
  close(fd: number): void {
    this.#toClose.push(fd);
  }

  collect(): Ran {
    const { closing, steps, areas, replyBytes } = this.#awaited.shift()!;
    const replyAt = 8 + (closing + steps.length) * 8;
    const bytes = this.#receive(replyAt + replyBytes);
    const failed = bytes.readInt32LE(0);
    if (failed >= 0 && failed < closing) throw systemError('close failed', bytes.readInt32LE(4)); // what was written is not there
    const results = steps.map((_, i) => resultAt(bytes, 8 + (closing + i) * 8));
    const reply = bytes.subarray(replyAt);
    for (const area of areas) area.reply = reply.subarray(area.at, area.at + area.reply.length);
    return { results, failed: failed < 0 ? failed : failed - closing, errno: bytes.readInt32LE(4) };
  }

  /** What is done if we die, or end without another word; in place of what was said before. */
  leaveWill(steps: readonly Step[]): void {
    this.#send(steps, 0, PLAN_WILL);
  }

  [Symbol.dispose](): void {
    if (this.#socket < 0) return;
    linux.close(this.#socket);
    this.#socket = -1;
    if (this.#pid < 0) return;
    const pidfd = linux.pidfdOpen(this.#pid);
    if (!readable(pidfd, KILL_MS)) linux.pidfdSendSignal(pidfd, SIGKILL);
    if (readable(pidfd, KILL_MS)) linux.waitpid(this.#pid, 0);
    linux.close(pidfd);
  }

  #send(steps: readonly Step[], replyBytes: number, flag: number): void {
    const plan = encodePlan({ cloneFlags: 0, parent: [], child: [...steps], replyBytes });
    const size = Buffer.alloc(4);
    size.writeUInt32LE(plan.length + flag);
    for (const part of plan.length < LARGE_BYTES ? [Buffer.concat([size, plan])] : [size, plan]) {
      for (let rest = part; rest.length > 0; ) {
        const sent = linux.send(this.#socket, rest, MSG_NOSIGNAL);
        if (sent === -EINTR) continue;
        if (sent < 0) throw this.#gone();
        rest = rest.subarray(sent);
      }
    }
  }

  #receive(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let have = 0; have < size; ) {
      if (!readable(this.#socket, this.#timeoutMs)) {
        throw libvirtError('OPERATION_TIMEOUT', `the files of ${this.#name} do not answer for ${this.#timeoutMs / 1000} s`);
      }
      const got = linux.recv(this.#socket, bytes.subarray(have), 0);
      if (got === -EINTR) continue;
      if (got <= 0) throw this.#gone();
      have += got;
    }
    return bytes;
  }

  #gone() {
    return libvirtError('INTERNAL_ERROR', `unexpected exit of the process that looks at the files of ${this.#name}`);
  }
}

// virsh-lxc-rpc and virt-ssh-helper: libvirt's protocol on standard input and output, one process for each connection.

import fs from 'node:fs';
import { reapChildren, whenChildLeft } from '../../lib-native/children.ts';
import { POLLIN } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { releaseMemory } from '../../lib-native/runtime.ts';
import { openConnection } from '../driver/connection.ts';
import { libvirtError } from '../errors.ts';
import { isTerminal } from '../host/terminal.ts';
import { type Channel, socketChannel, standardChannel } from './channel.ts';
import { ClientConnection } from './connection.ts';
import { Dispatcher } from './dispatch.ts';
import { Loop } from './loop.ts';
import { programs } from './procedures/index.ts';
import { takeSeat } from './seats.ts';
import { type LongCall, WORKER_WORD, Workers } from './workers.ts';

const STDIN = 0;

/** A client that has not opened its connection by then takes the place of others. */
const OPEN_WITHIN_MS = 30_000;

export interface Service {
  readonly readonly: boolean;
  /** The client is the server that this one belongs to. */
  readonly isWorker?: boolean;
  readonly openWithinMs?: number;
  /** Where its input is a socket, reading it does not wait for long: the launcher has seen to that. */
  readonly endsReads?: boolean;
}

/** Serves a client until it is gone. */
export async function serve(
  channel: Channel,
  { readonly, isWorker = false, openWithinMs = OPEN_WITHIN_MS, endsReads = false }: Service,
): Promise<void> {
  const loop = new Loop();
  loop.whenQuiet(releaseMemory);
  let workers: Workers | undefined;
  const takeLong = (call: LongCall): boolean => {
    workers ??= new Workers(client);
    return workers.take(call);
  };
  const dispatcher = new Dispatcher(programs, isWorker ? undefined : takeLong);
  const client: ClientConnection = new ClientConnection(loop, channel, {
    readonly,
    most: (header) => dispatcher.mostOf(client, header),
    handle: (frame, fds) => dispatcher.handle(client, frame, fds),
  });
  loop.after(openWithinMs, () => {
    if (!client.driver) loop.stop();
  });
  whenChildLeft((pid) => reapAtEnd(loop, pid));
  try {
    if (endsReads && fs.fstatSync(channel.input).isSocket()) await client.begin();
    else channel.begin();
    await loop.run();
  } finally {
    await client.end();
  }
}

/** A container's controller is a child of whoever started it. */
function reapAtEnd(loop: Loop, pid: number): void {
  const pidfd = linux.pidfdOpen(pid);
  if (pidfd < 0) return;
  const watch = loop.watch(pidfd, POLLIN, () => {
    watch[Symbol.dispose]();
    linux.close(pidfd);
    reapChildren();
  });
}

/**
 * `virsh-lxc-rpc`: for `lxc+ext:///?command=…` without a word. As a service for one connection, whose socket is its standard input:
 * `--socket`; `--readonly`: it may only read.
 */
export async function runServer(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && argv[0] === WORKER_WORD) {
    await serve(socketChannel(STDIN), { readonly: false, isWorker: true, endsReads: true });
    return 0;
  }
  const unknown = argv.find((word) => !['--socket', '--readonly'].includes(word));
  if (unknown !== undefined) throw libvirtError('PLAIN', `virsh-lxc-rpc: no argument is known of '${unknown}'`);
  const readonly = argv.includes('--readonly');
  if (!argv.includes('--socket')) return serveStandard({ readonly });
  if (readonly) takeSeat(STDIN);
  await serve(socketChannel(STDIN), { readonly, endsReads: true });
  return 0;
}

/**
 * `virt-ssh-helper [-r] URI`, which libvirt's clients run on the other host of `lxc+ssh://`. libvirt's own of that name reaches its
 * daemons, whatever drivers they have.
 */
export async function runSshHelper(argv: readonly string[]): Promise<number> {
  const isReadonly = (word: string): boolean => word === '-r' || word === '--readonly';
  const [uri, ...more] = argv.filter((word) => !isReadonly(word) && word !== '--');
  if (uri === undefined || uri.startsWith('-') || more.length > 0) throw libvirtError('PLAIN', 'Usage: virt-ssh-helper [-r] URI');
  openConnection(uri, { readonly: true });
  return serveStandard({ readonly: argv.some(isReadonly) });
}

async function serveStandard({ readonly }: { readonly: boolean }): Promise<number> {
  if (fs.fstatSync(STDIN).isCharacterDevice() && isTerminal(STDIN))
    throw libvirtError('PLAIN', 'this speaks with programs: give its path in a URI, lxc+ext:///?command=PATH');
  await serve(standardChannel(), { readonly, endsReads: true });
  return 0;
}

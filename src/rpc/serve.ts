// virsh-lxc-rpc and virt-ssh-helper: libvirt's protocol on standard input and output, one process for each connection.

import process from 'node:process';
import { releaseMemory } from '../../lib-native/runtime.ts';
import { openConnection } from '../driver/connection.ts';
import { libvirtError } from '../errors.ts';
import { type Channel, standardChannel } from './channel.ts';
import { ClientConnection } from './connection.ts';
import { Dispatcher } from './dispatch.ts';
import { Loop } from './loop.ts';
import { programs } from './procedures/index.ts';

/** Serves a client until it is gone. */
export async function serve(channel: Channel, { readonly }: { readonly: boolean }): Promise<void> {
  const loop = new Loop();
  loop.whenQuiet(releaseMemory);
  const dispatcher = new Dispatcher(programs);
  const client: ClientConnection = new ClientConnection(loop, channel, {
    readonly,
    most: (header) => dispatcher.mostOf(client, header),
    handle: (frame, fds) => dispatcher.handle(client, frame, fds),
  });
  try {
    await loop.run();
  } finally {
    await client.end();
  }
}

/** `virsh-lxc-rpc`, for `lxc+ext:///?command=…`. */
export async function runServer(argv: readonly string[]): Promise<number> {
  const [word] = argv;
  if (word !== undefined) throw libvirtError('PLAIN', `virsh-lxc-rpc: no argument is known of '${word}'`);
  return serveStandard({ readonly: false });
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
  if (process.stdin.isTTY) throw libvirtError('PLAIN', 'this speaks with programs: give its path in a URI, lxc+ext:///?command=PATH');
  await serve(standardChannel(), { readonly });
  return 0;
}

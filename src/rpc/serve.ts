// virsh-lxc-rpc and virt-ssh-helper: libvirt's protocol on standard input and output, one process for each connection.

import process from 'node:process';
import { releaseMemory } from '../../lib-native/runtime.ts';
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
  await serveStandard({ readonly: false });
  return 0;
}

async function serveStandard({ readonly }: { readonly: boolean }): Promise<void> {
  if (process.stdin.isTTY) throw libvirtError('PLAIN', 'this speaks with programs: give its path in a URI, lxc+ext:///?command=PATH');
  await serve(standardChannel(), { readonly });
}

// What passes descriptors, or opens a stream: consoles, namespaces, starts with files of the client's.

import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { ClientConsole } from '../console-stream.ts';
import { onlyFlags } from '../flags.ts';
import { type Context, call, type Procedure } from '../procedure.ts';
import { domain } from '../types.ts';
import { document, nothing, optional, string, struct, uint } from '../xdr.ts';
import { currentDomain, domainOf } from './domain-of.ts';
import { requireNewStream } from './new-stream.ts';

const FORCE = 1;
const SAFE = 2;

const PAUSED = 1;
const AUTODESTROY = 2;
const VALIDATE = 16;

export const descriptorProcedures: Readonly<Record<number, Procedure>> = {
  /** Its answer must go before what the console has to say. */
  201: call(
    struct({ domain, device: optional(string), flags: uint }),
    nothing,
    async (connection, { domain: named, device, flags }, { client, header }) => {
      const { findConsole, takeConsole } = await import('../../driver/domain/console.ts');
      onlyFlags(flags, FORCE | SAFE, 'lxcDomainOpenConsole');
      const found = findConsole(connection, domainOf(named), device, { force: (flags & FORCE) !== 0, safe: (flags & SAFE) !== 0 });
      requireNewStream({ client, header });
      new ClientConsole(client, header, takeConsole(found));
    },
  ),
  309: call(struct({ xml: document, flags: uint }), struct({ domain }), async (connection, { xml, flags }, context) => {
    onlyFlags(flags, PAUSED | AUTODESTROY | VALIDATE, 'lxcDomainCreateXMLWithFiles');
    const { createDomain } = await import('../../driver/domain/start.ts');
    const made = await createDomain(connection, xml, { ...startOptions(flags, context), validate: (flags & VALIDATE) !== 0 });
    return { domain: currentDomain(connection, made) };
  }),
  310: call(struct({ domain, flags: uint }), struct({ domain }), async (connection, { domain: named, flags }, context) => {
    onlyFlags(flags, PAUSED | AUTODESTROY, 'lxcDomainCreateWithFiles');
    const ref: DomainRef = domainOf(named);
    const { startDomain } = await import('../../driver/domain/start.ts');
    await startDomain(connection, ref, startOptions(flags, context));
    return { domain: currentDomain(connection, ref) };
  }),
};

/** What came with the call is the client's, whatever it is. */
const startOptions = (flags: number, { fds }: Context) => ({
  paused: (flags & PAUSED) !== 0,
  autodestroy: (flags & AUTODESTROY) !== 0,
  passFds: [...fds],
  ownsFds: true,
});

/** What libvirt's LXC driver has beyond its API. */
export const lxcProcedures: Readonly<Record<number, Procedure>> = {
  1: call(struct({ domain, flags: uint }), nothing, async (connection, { domain: named, flags }, { client, replyFds }) => {
    onlyFlags(flags, 0, 'lxcDomainLxcOpenNamespace');
    if (!client.channel.passesFds) throw libvirtError('INTERNAL_ERROR', 'Sending file descriptors is not supported on this socket');
    const { openNamespaces } = await import('../../driver/domain/namespaces.ts');
    replyFds.push(...openNamespaces(connection, domainOf(named)).fds); // which whoever sends them closes
  }),
};

// Opening and closing, and what the connection and its driver are.

import { openConnection, requireStore } from '../../driver/connection.ts';
import { LIBVIRT_VERSION, versionNumber } from '../../driver/version.ts';
import { libvirtError } from '../../errors.ts';
import { onlyFlags } from '../flags.ts';
import { keepAsking } from '../keepalive.ts';
import { call, type Procedure, raw } from '../procedure.ts';
import { characters, typedParameter } from '../types.ts';
import { array, flag, int, nothing, optional, string, struct, uhyper, uint } from '../xdr.ts';

const READONLY = 1;
const NO_ALIASES = 2;
const AUTH_NONE = 0;

/** The client answers when it is asked whether it is there, and may ask us. */
const KEEPALIVE = 10;

/** What clients ask for before they use it (VIR_DRV_FEATURE); what passes descriptors depends on the channel. */
const FEATURES: ReadonlySet<number> = new Set([
  9, // parameters may be text
  KEEPALIVE,
  14, // events by callback
  15, // the connection's end is told
  16, // net-update's operands in the order that they are documented in
]);
const PASSES_FDS = 8;

export const connectProcedures: Readonly<Record<number, Procedure>> = {
  66: raw(nothing, struct({ types: array(int, 20) }), () => ({ types: [AUTH_NONE] })),
  1: raw(struct({ name: optional(string), flags: uint }), nothing, async ({ client }, { name, flags }) => {
    if (client.driver) throw libvirtError('INTERNAL_ERROR', 'connection already open');
    onlyFlags(flags, READONLY | NO_ALIASES, 'virConnectOpenInternal');
    const driver = openConnection(name, { readonly: client.readonly || (flags & READONLY) !== 0 });
    await requireStore(driver);
    client.driver = driver;
    client.atEnd.push(async () => {
      if (driver.autodestroyed.length > 0) await (await import('../../driver/domain/autodestroy.ts')).endSession(driver);
    });
  }),
  2: raw(nothing, nothing, ({ client }) => client.leave()),
  60: raw(struct({ feature: int }), struct({ supported: flag }), ({ client }, { feature }) => {
    if (feature === KEEPALIVE) keepAsking(client);
    return { supported: FEATURES.has(feature) || (feature === PASSES_FDS && client.channel.passesFds) };
  }),
  /** The client hears of our end by itself: nothing else ends a connection. */
  360: raw(nothing, nothing, () => {}),
  361: raw(nothing, nothing, () => {}),
  419: raw(struct({ parameters: array(typedParameter, 20), flags: uint }), nothing, () => {
    throw libvirtError('NO_SUPPORT', 'virConnectSetIdentity');
  }),
  3: call(nothing, struct({ type: string }), () => ({ type: 'LXC' })),
  4: call(nothing, struct({ version: uhyper }), async (connection) => {
    const { hypervisorVersion } = await import('../../driver/node/host.ts');
    return { version: versionNumber(hypervisorVersion(connection)) };
  }),
  157: call(nothing, struct({ version: uhyper }), () => ({ version: versionNumber(LIBVIRT_VERSION) })),
  110: call(nothing, struct({ uri: string }), ({ uri }) => ({ uri })),
  122: call(nothing, struct({ model: characters(257), doi: characters(257) }), async (connection) => {
    const { hostSecurity } = await import('../../driver/domain/info.ts');
    return hostSecurity(connection);
  }),
  149: call(nothing, struct({ secure: flag }), () => ({ secure: true })),
};

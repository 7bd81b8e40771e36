// What libvirt's other drivers have: secrets, network filters. There are none, which clients that list
// everything are to hear as such.

import { libvirtError } from '../../errors.ts';
import { call, type Procedure } from '../procedure.ts';
import { uuid } from '../types.ts';
import { type AnyType, array, int, nothing, optional, string, struct, uint } from '../xdr.ts';

/** None of `things`, and the number of those. */
const noneOf = (thing: AnyType): Procedure =>
  call(struct({ wanted: int, flags: uint }), struct({ things: array(thing, 16384), count: uint }), () => ({ things: [], count: 0 }));
const noNumber = call(nothing, struct({ count: int }), () => ({ count: 0 }));
const noNames = call(struct({ most: int }), struct({ names: array(string, 16384) }), () => ({ names: [] }));

/** virSecretEventID. */
const SECRET_EVENTS = 2;

const filter = struct({ name: string, uuid });
const secret = struct({ uuid, usage: int, usageId: string });
const binding = struct({ port: string, filter: string });

export const otherDriversProcedures: Readonly<Record<number, Procedure>> = {
  287: noneOf(secret),
  139: noNumber,
  140: noNames,
  286: noneOf(filter),
  178: noNumber,
  179: noNames,
  401: noneOf(binding),
  141: call(struct({ uuid }), nothing, (_connection, { uuid: asked }) => {
    throw libvirtError('NO_SECRET', `no secret with matching uuid '${asked}'`);
  }),
  175: call(struct({ name: string }), nothing, (_connection, { name }) => {
    throw libvirtError('NO_NWFILTER', `no nwfilter with matching name '${name}'`);
  }),
  397: call(struct({ port: string }), nothing, (_connection, { port }) => {
    throw libvirtError('NO_NWFILTER_BINDING', `no nwfilter binding for port dev '${port}'`);
  }),
  /** Who wants to hear of secrets hears nothing. */
  380: call(struct({ eventId: int, secret: optional(secret) }), struct({ callbackId: int }), (_connection, { eventId }) => {
    if (eventId < 0 || eventId >= SECRET_EVENTS) throw libvirtError('INTERNAL_ERROR', `unsupported event ID ${eventId}`);
    return { callbackId: 0 };
  }),
  381: call(struct({ callbackId: int }), nothing, () => {}),
};

// Events: clients register for a kind of them, and are sent messages.

import { deviceEventNumber, lifecycleNumbers, metadataNumber, networkEventNumber, poolEventNumber } from '../../domain/event-kinds.ts';
import type { Connection } from '../../driver/connection.ts';
import { domainId } from '../../driver/domain/lookup.ts';
import { type DomainEvent, EventQueue, type NetworkEvent, type PoolEvent } from '../../driver/events.ts';
import { type NodeDeviceEvent, NodeDeviceQueue } from '../../driver/node/device-events.ts';
import { libvirtError } from '../../errors.ts';
import { ClientEvents, type Registration } from '../client-events.ts';
import type { ClientConnection } from '../connection.ts';
import { KIND, STATUS } from '../frame.ts';
import { type Context, call, callsOf, type Procedure } from '../procedure.ts';
import { domain, network, type WireDomain } from '../types.ts';
import { int, nothing, optional, string, struct, type Type } from '../xdr.ts';
import { wireDomain } from './domain-of.ts';
import { device } from './host-devices.ts';
import { REMOTE } from './remote.ts';
import { pool } from './storage.ts';

/** virDomainEventID: containers have these, the others may be registered for. */
const LIFECYCLE = 0;
const REBOOT = 1;
const METADATA_CHANGE = 23;
const DEVICE_REMOVED = 15;
const DEVICE_ADDED = 19;
const DOMAIN_EVENTS = 27;
const NETWORK_EVENTS = 1;
/** virStoragePoolEventID. */
const REFRESH = 1;
const POOL_EVENTS = 2;
/** virNodeDeviceEventID; nobody tells of updates. */
const DEVICE_EVENTS = 2;

const lifecycle = struct({ domain, event: int, detail: int });
const callback = struct({ callbackId: int });
const afterCallback = <T>(message: Type<T>) => struct({ callbackId: int, message });

const OF_LIFECYCLE = { number: 318, message: afterCallback(lifecycle), oldNumber: 107, oldMessage: lifecycle };
const OF_REBOOT = { number: 319, message: afterCallback(struct({ domain })), oldNumber: 169, oldMessage: struct({ domain }) };
const ofMetadata = afterCallback(struct({ domain, type: int, uri: optional(string) }));
const ofDevice = afterCallback(struct({ domain, alias: string }));
const ofNetwork = afterCallback(struct({ network, event: int, detail: int }));
const ofPool = afterCallback(struct({ pool, event: int, detail: int }));
const ofRefresh = afterCallback(struct({ pool }));
const ofHostDevice = afterCallback(struct({ device, event: int, detail: int }));

function send<T>(client: ClientConnection, procedure: number, message: Type<T>, value: T): void {
  // Clients do not look at the serial of an event; libvirt's daemons send this one.
  const header = { program: REMOTE, version: 1, procedure, kind: KIND.message, serial: 1, status: STATUS.ok };
  client.send(header, (to) => message.write(to, value));
}

function sendDomainEvent(client: ClientConnection, { id: callbackId, eventId, isOld }: Registration, event: DomainEvent): void {
  switch (event.event) {
    case 'lifecycle': {
      const numbers = eventId === LIFECYCLE ? lifecycleNumbers(event.kind ?? '', event.detail ?? '') : undefined;
      if (!numbers) return;
      const message = { domain: domainIn(client.driver!, event), ...numbers };
      if (isOld) send(client, OF_LIFECYCLE.oldNumber, OF_LIFECYCLE.oldMessage, message);
      else send(client, OF_LIFECYCLE.number, OF_LIFECYCLE.message, { callbackId, message });
      return;
    }
    case 'reboot': {
      if (eventId !== REBOOT) return;
      const message = { domain: domainIn(client.driver!, event) };
      if (isOld) send(client, OF_REBOOT.oldNumber, OF_REBOOT.oldMessage, message);
      else send(client, OF_REBOOT.number, OF_REBOOT.message, { callbackId, message });
      return;
    }
    case 'device-added':
    case 'device-removed': {
      const [wanted, procedure] = event.event === 'device-added' ? [DEVICE_ADDED, 354] : [DEVICE_REMOVED, 333];
      if (eventId !== wanted || isOld) return;
      send(client, procedure, ofDevice, { callbackId, message: { domain: domainIn(client.driver!, event), alias: event.device ?? '' } });
      return;
    }
    case 'metadata-change':
      if (eventId !== METADATA_CHANGE || isOld) return;
      send(client, 379, ofMetadata, {
        callbackId,
        message: { domain: domainIn(client.driver!, event), type: metadataNumber(event.type ?? ''), uri: event.uri },
      });
  }
}

/** With the id that it has now: that of a domain that has just ended is none, whatever was started since. */
function domainIn(connection: Connection, { domain: name, uuid, kind }: DomainEvent): WireDomain {
  const ref = { name, uuid };
  return wireDomain(ref, kind === 'Stopped' ? null : domainId(connection, ref));
}

function sendNetworkEvent(client: ClientConnection, { id: callbackId, eventId }: Registration, event: NetworkEvent): void {
  if (event.event !== 'lifecycle' || !event.kind || eventId !== LIFECYCLE) return;
  send(client, 315, ofNetwork, {
    callbackId,
    message: { network: { name: event.network, uuid: event.uuid }, event: networkEventNumber(event.kind), detail: 0 },
  });
}

function sendPoolEvent(client: ClientConnection, { id: callbackId, eventId }: Registration, event: PoolEvent): void {
  const named = { name: event.pool, uuid: event.uuid };
  if (event.event === 'refresh') {
    if (eventId === REFRESH) send(client, 373, ofRefresh, { callbackId, message: { pool: named } });
  } else if (eventId === LIFECYCLE && event.kind)
    send(client, 370, ofPool, { callbackId, message: { pool: named, event: poolEventNumber(event.kind), detail: 0 } });
}

function sendDeviceEvent(client: ClientConnection, { id: callbackId, eventId }: Registration, event: NodeDeviceEvent): void {
  if (eventId !== LIFECYCLE) return;
  const message = { device: { name: event.device }, event: deviceEventNumber(event.kind), detail: 0 };
  send(client, 376, ofHostDevice, { callbackId, message });
}

interface AllEvents {
  domain: ClientEvents<DomainEvent>;
  network: ClientEvents<NetworkEvent>;
  pool: ClientEvents<PoolEvent>;
  device: ClientEvents<NodeDeviceEvent>;
}

const byClient = new WeakMap<ClientConnection, AllEvents>();

function eventsOf({ client }: Context): AllEvents {
  let events = byClient.get(client);
  if (!events) {
    events = {
      domain: new ClientEvents(client, () => new EventQueue('domain'), sendDomainEvent),
      network: new ClientEvents(client, () => new EventQueue('network'), sendNetworkEvent),
      pool: new ClientEvents(client, () => new EventQueue('pool'), sendPoolEvent),
      device: new ClientEvents(client, () => new NodeDeviceQueue(client.driver!), sendDeviceEvent),
    };
    byClient.set(client, events);
  }
  return events;
}

/** Throws INTERNAL_ERROR for a number that is none of libvirt's. */
function checkEventId(eventId: number, count: number): void {
  if (eventId < 0 || eventId >= count) throw libvirtError('INTERNAL_ERROR', `unsupported event ID ${eventId}`);
}

const old = (eventId: number) => ({ eventId, uuid: undefined, isOld: true });
const isOldOf = (eventId: number) => (registration: Registration) => registration.isOld && registration.eventId === eventId;
const registered = struct({ count: int });

export const eventProcedures: Readonly<Record<number, Procedure>> = {
  316: call(struct({ eventId: int, domain: optional(domain) }), callback, (_connection, { eventId, domain: only }, context) => {
    checkEventId(eventId, DOMAIN_EVENTS);
    return { callbackId: eventsOf(context).domain.register({ eventId, uuid: only?.uuid, isOld: false }) };
  }),
  317: call(callback, nothing, (_connection, { callbackId }, context) => {
    eventsOf(context).domain.deregister(
      ({ id, isOld }) => id === callbackId && !isOld,
      `domain event callback ${callbackId} not registered`,
    );
  }),
  105: call(nothing, registered, (_connection, _nothing, context) => {
    const { domain: events } = eventsOf(context);
    if (events.has(isOldOf(LIFECYCLE))) throw libvirtError('INTERNAL_ERROR', `domain event ${LIFECYCLE} already registered`);
    events.register(old(LIFECYCLE));
    return { count: 1 };
  }),
  106: call(nothing, registered, (_connection, _nothing, context) => {
    eventsOf(context).domain.deregister(isOldOf(LIFECYCLE), `domain event ${LIFECYCLE} not registered`);
    return { count: 0 };
  }),
  167: call(struct({ eventId: int }), nothing, (_connection, { eventId }, context) => {
    checkEventId(eventId, DOMAIN_EVENTS);
    const { domain: events } = eventsOf(context);
    if (events.has(isOldOf(eventId))) throw libvirtError('INTERNAL_ERROR', `domain event ${eventId} already registered`);
    events.register(old(eventId));
  }),
  168: call(struct({ eventId: int }), nothing, (_connection, { eventId }, context) => {
    checkEventId(eventId, DOMAIN_EVENTS);
    eventsOf(context).domain.deregister(isOldOf(eventId), `domain event ${eventId} not registered`);
  }),
  ...callsOf('network', {
    313: call(struct({ eventId: int, network: optional(network) }), callback, (_connection, { eventId, network: only }, context) => {
      checkEventId(eventId, NETWORK_EVENTS);
      return { callbackId: eventsOf(context).network.register({ eventId, uuid: only?.uuid, isOld: false }) };
    }),
    314: call(callback, nothing, (_connection, { callbackId }, context) => {
      eventsOf(context).network.deregister(({ id }) => id === callbackId, `network event callback ${callbackId} not registered`);
    }),
  }),
  ...callsOf('storage', {
    368: call(struct({ eventId: int, pool: optional(pool) }), callback, (_connection, { eventId, pool: only }, context) => {
      checkEventId(eventId, POOL_EVENTS);
      return { callbackId: eventsOf(context).pool.register({ eventId, uuid: only?.uuid, isOld: false }) };
    }),
    369: call(callback, nothing, (_connection, { callbackId }, context) => {
      eventsOf(context).pool.deregister(({ id }) => id === callbackId, `storage pool event callback ${callbackId} not registered`);
    }),
  }),
  ...callsOf('nodedev', {
    374: call(struct({ eventId: int, device: optional(device) }), callback, (_connection, { eventId, device: only }, context) => {
      checkEventId(eventId, DEVICE_EVENTS);
      return { callbackId: eventsOf(context).device.register({ eventId, uuid: only?.name, isOld: false }) };
    }),
    375: call(callback, nothing, (_connection, { callbackId }, context) => {
      eventsOf(context).device.deregister(({ id }) => id === callbackId, `node device event callback ${callbackId} not registered`);
    }),
  }),
};

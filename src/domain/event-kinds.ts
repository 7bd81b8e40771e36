// What happens to domains, networks, storage pools and devices of the host, in the words of virsh's `event`, with libvirt's numbers: each word's is its place.

/** virDomainEventType, and the details of each (virDomainEventDefinedDetailType and so on). */
const LIFECYCLE = {
  Defined: ['Added', 'Updated', 'Renamed', 'Snapshot'],
  Undefined: ['Removed', 'Renamed'],
  Started: ['Booted', 'Migrated', 'Restored', 'Snapshot', 'Event wakeup', 'Recovered'],
  Suspended: ['Paused', 'Migrated', 'I/O Error', 'Watchdog', 'Restored', 'Snapshot', 'API error', 'Post-copy', 'Post-copy Error'],
  Resumed: ['Unpaused', 'Migrated', 'Snapshot', 'Post-copy', 'Post-copy Error'],
  Stopped: ['Shutdown', 'Destroyed', 'Crashed', 'Migrated', 'Saved', 'Failed', 'Snapshot', 'Recovered'],
  Shutdown: ['Finished', 'Guest request', 'Host request'],
  PMSuspended: ['Memory', 'Disk'],
  Crashed: ['Panicked', 'Crashloaded'],
} as const satisfies Record<string, readonly string[]>;

const NETWORK_LIFECYCLE = ['Defined', 'Undefined', 'Started', 'Stopped'] as const;
export type NetworkEventKind = (typeof NETWORK_LIFECYCLE)[number];

const POOL_LIFECYCLE = [...NETWORK_LIFECYCLE, 'Created', 'Deleted'] as const;
export type PoolEventKind = (typeof POOL_LIFECYCLE)[number];

const DEVICE_LIFECYCLE = ['Created', 'Deleted'] as const;

/** virDomainMetadataType. */
const METADATA = ['description', 'title', 'element'];

/** What a lifecycle event is to libvirt; undefined for words that it has not. */
export function lifecycleNumbers(kind: string, detail: string): { event: number; detail: number } | undefined {
  const event = Object.keys(LIFECYCLE).indexOf(kind);
  const number = Object.values<readonly string[]>(LIFECYCLE)[event]?.indexOf(detail) ?? -1;
  return number < 0 ? undefined : { event, detail: number };
}

export const networkEventNumber = (kind: NetworkEventKind): number => NETWORK_LIFECYCLE.indexOf(kind);

export const poolEventNumber = (kind: PoolEventKind): number => POOL_LIFECYCLE.indexOf(kind);

export const deviceEventNumber = (kind: (typeof DEVICE_LIFECYCLE)[number]): number => DEVICE_LIFECYCLE.indexOf(kind);

/** That of a metadata change's `type`, or -1. */
export const metadataNumber = (type: string): number => METADATA.indexOf(type);

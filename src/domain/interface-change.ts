// What may change of an interface while its container runs. Pure.

import { libvirtError } from '../errors.ts';
import type { InterfaceDevice } from './definition.ts';

/** Where its end on the host is plugged in, how fast, and whether the cable is; <port> is one of the others. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof InterfaceDevice>([
  'type',
  'source',
  'portgroup',
  'portIsolated',
  'bandwidth',
  'linkState',
  'others',
]);
/** What a start adds; a document may leave it out. */
const GENERATED: ReadonlySet<string> = new Set<keyof InterfaceDevice>([
  'targetDev',
  'guestDev',
  'guestActual',
  'alias',
  'portid',
  'actual',
]);
/** Those with an end in a bridge, which can be plugged into another. */
const BRIDGED: readonly InterfaceDevice['type'][] = ['network', 'bridge'];

const refused = () =>
  libvirtError(
    'OPERATION_UNSUPPORTED',
    'Unable to modify live devices: of an interface only the link state, the bandwidth and the bridge or network can be changed',
  );

/** The running interface as `wanted` has it. Throws OPERATION_UNSUPPORTED where that takes more than a running one allows. */
export function changedInterface(live: InterfaceDevice, wanted: InterfaceDevice): InterfaceDevice {
  const next = asStored(live, wanted);
  if (!isSame(fixedPart(live, next), fixedPart(next, live))) throw refused();
  const kept = Object.entries(live).filter(([key]) => !CHANGEABLE.has(key));
  const given = Object.entries(next).filter(([key]) => CHANGEABLE.has(key));
  const changed = Object.fromEntries([...kept, ...given]) as unknown as InterfaceDevice;
  if (isMoved(live, changed) && !(isBridged(live) && BRIDGED.includes(changed.type))) throw refused();
  return changed;
}

/** Whether it is to be plugged in elsewhere. */
export function isMoved(before: InterfaceDevice, after: InterfaceDevice): boolean {
  return before.type !== after.type || before.source !== after.source || before.portgroup !== after.portgroup;
}

const isBridged = ({ type, actual }: InterfaceDevice): boolean => BRIDGED.includes(type) && actual?.type !== 'direct';

/** A running domain shows an interface as its network connected it; who hands that back does not mean to change it. */
function asStored(live: InterfaceDevice, wanted: InterfaceDevice): InterfaceDevice {
  const { actual } = live;
  if (!actual || wanted.type === 'network' || wanted.type !== actual.type || wanted.source !== actual.source) return wanted;
  const { sourceMode: _, ...rest } = wanted;
  return { ...rest, type: live.type, source: live.source!, ...(live.portgroup !== undefined && { portgroup: live.portgroup }) };
}

/** What must be as in `other`, which may leave out what is generated. */
function fixedPart(device: InterfaceDevice, other: InterfaceDevice): unknown {
  const fixed = Object.entries(device).filter(([key]) => !CHANGEABLE.has(key) && !(GENERATED.has(key) && !(key in other)));
  return [fixed.sort(([a], [b]) => (a < b ? -1 : 1)), device.others.filter(({ name }) => name !== 'port')];
}

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

// The link state and the rates of a domain's interface, running or stored.

import { TakenPorts } from '../../bridge/ports.ts';
import type { Bandwidth, BandwidthRate, InterfaceDevice } from '../../domain/definition.ts';
import { findInterfaceNamed, withDevices } from '../../domain/device-list.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';
import { changeLiveInterface } from './interface-change.ts';

const RATES = ['average', 'peak', 'burst', 'floor'] as const;

/** `inbound.average` and so on, 0 for what is not limited. */
export function rateParameters(bandwidth: Bandwidth | undefined): [parameter: string, value: number][] {
  const value = (direction: 'inbound' | 'outbound', rate: keyof BandwidthRate): [string, number] => [
    `${direction}.${rate}`,
    bandwidth?.[direction]?.[rate] ?? 0,
  ];
  return [...RATES.map((rate) => value('inbound', rate)), ...RATES.slice(0, 3).map((rate) => value('outbound', rate))];
}

/** What is set over it; a direction without limits is none any more. */
export function changedBandwidth(before: Bandwidth | undefined, change: Bandwidth): Bandwidth | undefined {
  const { inbound, outbound } = { ...before, ...change };
  const isSet = (rate: BandwidthRate | undefined) => rate !== undefined && Object.keys(rate).length > 0;
  if (!isSet(inbound) && !isSet(outbound)) return undefined;
  return { ...(isSet(inbound) && { inbound }), ...(isSet(outbound) && { outbound }) };
}

/** As rateParameters(). Throws INVALID_ARG for an interface that is not there. */
export function interfaceTuning(
  connection: Connection,
  ref: DomainRef,
  name: string,
  affect: Affect,
): [parameter: string, value: number][] {
  requireBeyondLibvirt('virDomainGetInterfaceParameters');
  const { definition } = queried(readDomain(connection, ref), affect);
  const device = definition.devices.interfaces[findInterfaceNamed(definition.devices, name)]!;
  return rateParameters((device.actual ?? device).bandwidth);
}

/** Sets the rates of one or both directions. Throws INVALID_ARG, OPERATION_UNSUPPORTED, CONFIG_UNSUPPORTED, and as a start does for a floor. */
export function setInterfaceTuning(connection: Connection, ref: DomainRef, name: string, change: Bandwidth, affect: Affect): void {
  requireWritable(connection, 'virDomainSetInterfaceParameters');
  requireBeyondLibvirt('virDomainSetInterfaceParameters');
  changeNamed(connection, ref, name, affect, (device) => {
    if (change.inbound?.floor && device.type !== 'network')
      throw libvirtError('CONFIG_UNSUPPORTED', 'floor attribute is not supported for this config');
    const { bandwidth: before, ...others } = device;
    const bandwidth = changedBandwidth(device.actual ? device.actual.bandwidth : before, change);
    return { ...others, ...(bandwidth && { bandwidth }) };
  });
}

/** Plugs the cable of an interface or pulls it. Throws INVALID_ARG, OPERATION_UNSUPPORTED. */
export function setInterfaceLinkState(connection: Connection, ref: DomainRef, name: string, state: 'up' | 'down', affect: Affect): void {
  requireWritable(connection, 'virDomainUpdateDeviceFlags');
  changeNamed(connection, ref, name, affect, (device) => ({ ...device, linkState: state }));
}

function changeNamed(
  connection: Connection,
  ref: DomainRef,
  name: string,
  affect: Affect,
  change: (device: InterfaceDevice) => InterfaceDevice,
): void {
  using ports = new TakenPorts(ref);
  changeDomain(connection, ref, (image, audit) => {
    const { live, config } = affected(image, affect);
    const place = ({ devices }: NonNullable<typeof image.live>) => {
      const at = findInterfaceNamed(devices, name);
      return { at, changed: change(devices.interfaces[at]!) };
    };
    const stored = config ? place(image.config!) : undefined;
    const running = live ? place(image.live!) : undefined;
    return {
      ...(stored && {
        config: withDevices(image.config!, { interfaces: image.config!.devices.interfaces.with(stored.at, stored.changed) }),
      }),
      ...(running && changeLiveInterface(image, running.at, running.changed, ports, audit)),
    };
  });
  ports.keep();
}

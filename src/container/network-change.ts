// Changes of a container's interface while it runs: where its end on the host is plugged in, its rates, its cable.
import type { InterfaceDevice } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { addRoute } from '../host/netlink/address.ts';
import { addBridgePort, linkIndex, setBridgePortIsolated, setLinkUp } from '../host/netlink/link.ts';
import { openRouteSocket, type RouteSocket } from '../host/netlink/rtnetlink.ts';
import { clearBandwidth, setBandwidth } from '../host/netlink/tc.ts';
import { withNamespaceOf } from './links.ts';

/** Makes the running interface `before` what `after` says. What was changed before a failure is changed back. */
export function changeInterface(before: InterfaceDevice, after: InterfaceDevice, initPid: number): void {
  try {
    change(before, after, initPid);
  } catch (error) {
    try {
      change(after, before, initPid);
    } catch {
      // the first reason is what counts
    }
    throw error;
  }
}

function change(before: InterfaceDevice, after: InterfaceDevice, initPid: number): void {
  const [old, next] = [before.actual ?? before, after.actual ?? after];
  const isReplugged = old.source !== next.source;
  const isOtherwiseIsolated = isReplugged || old.portIsolated !== next.portIsolated;
  const hasOtherRates = JSON.stringify(old.bandwidth) !== JSON.stringify(next.bandwidth);
  if (isReplugged || isOtherwiseIsolated || hasOtherRates) {
    const name = after.targetDev;
    if (name === undefined) throw libvirtError('OPERATION_UNSUPPORTED', 'Unable to set network bandwidth on direct interfaces');
    using route = openRouteSocket();
    if (isReplugged) addBridgePort(route, next.source!, name);
    if (isOtherwiseIsolated) setBridgePortIsolated(route, name, next.portIsolated ?? false);
    if (hasOtherRates) limit(route, name, next);
  }
  const [wasUp, isUp] = [before.linkState !== 'down', after.linkState !== 'down'];
  if (wasUp !== isUp) setInterfaceLink(after, isUp ? 'up' : 'down', initPid);
}

/**
 * Pulls or plugs the cable of an interface: its other end inside loses or gets the carrier. When it is plugged in, that end
 * is set up, as at a start, unless the container has given it another name.
 */
export function setInterfaceLink(device: InterfaceDevice, state: 'up' | 'down', initPid: number): void {
  const { targetDev: name, guestDev, hostRoutes } = device;
  if (name === undefined) throw libvirtError('OPERATION_UNSUPPORTED', 'Unable to change the link of a direct interface');
  using route = openRouteSocket();
  const errno = setLinkUp(route, name, state === 'up');
  if (errno !== 0) throw systemError(`Cannot set interface flags on '${name}'`, errno);
  if (state === 'down') return;
  withNamespaceOf(initPid, (_, inside) => setLinkUp(inside, guestDev!, true));
  // The kernel forgot them with the link.
  const link = { index: linkIndex(route, name), name };
  for (const one of hostRoutes) addRoute(route, link, one);
}

function limit(route: RouteSocket, name: string, { bandwidth }: Pick<InterfaceDevice, 'bandwidth'>): void {
  const link = { index: linkIndex(route, name), name };
  clearBandwidth(route, link.index);
  // What the host sends into the pair is what the container receives.
  setBandwidth(route, link, { send: bandwidth?.inbound, receive: bandwidth?.outbound });
}

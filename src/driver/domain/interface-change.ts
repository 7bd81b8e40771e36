// Changes of a running container's interface: by update-device, domif-setlink, domiftune.
import { changePort, type TakenPorts } from '../../bridge/ports.ts';
import { releasePorts } from '../../bridge/release.ts';
import type { DomainDefinitions } from '../../container/definitions.ts';
import { changeInterface } from '../../container/network-change.ts';
import type { ResourceAudit } from '../../container/resource-audit.ts';
import type { InterfaceDevice } from '../../domain/definition.ts';
import { withDevices } from '../../domain/device-list.ts';
import { changedInterface, isMoved } from '../../domain/interface-change.ts';
import { libvirtError } from '../../errors.ts';
import { interfaceChange } from '../../security/audit/records.ts';
import type { DomainChange } from './change.ts';

/** Makes the interface at `at` what `wanted` says. Throws OPERATION_UNSUPPORTED for what cannot change while it runs. */
export function changeLiveInterface(
  image: DomainDefinitions,
  at: number,
  wanted: InterfaceDevice,
  ports: TakenPorts,
  audit: ResourceAudit,
): DomainChange {
  const live = image.live!;
  const before = live.devices.interfaces[at]!;
  audit.note(interfaceChange('update', before, wanted));
  const after = connected(image, before, changedInterface(before, wanted), ports);
  return {
    live: withDevices(live, { interfaces: live.devices.interfaces.with(at, after) }),
    apply: () => {
      try {
        changeInterface(before, after, image.initPid);
      } catch (error) {
        if (hasSamePort(before, after)) changePort(image.ref, before.source!, before.portid!, before);
        throw error;
      }
      if (!hasSamePort(before, after)) releasePorts([before]);
      return undefined;
    },
  };
}

/** With what its network gives it now: another network another port. */
function connected(image: DomainDefinitions, before: InterfaceDevice, changed: InterfaceDevice, ports: TakenPorts): InterfaceDevice {
  const { portid, actual: _, ...own } = changed;
  if (own.type !== 'network') return own;
  if (portid !== undefined && !isMoved(before, changed)) {
    return { ...own, portid, actual: changePort(image.ref, own.source!, portid, own).actual };
  }
  const { portid: taken, actual } = ports.resolveNetwork(own.source!, own);
  if (actual.type === 'direct')
    throw libvirtError('OPERATION_UNSUPPORTED', `Unable to modify live devices: network '${own.source}' has no bridge`);
  return { ...own, portid: taken, actual };
}

const hasSamePort = (before: InterfaceDevice, after: InterfaceDevice): boolean =>
  before.portid !== undefined && before.portid === after.portid;

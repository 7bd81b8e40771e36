// All that a container is given of the host, opened: block devices of image files, namespaces from elsewhere, mounts, ptys. A start
// hands it to the controller; a dry run looks at it and closes it.
import type { DomainDefinition, InterfaceDevice } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { hostCgroups } from '../host/cgroup/layout.ts';
import { mountIdOf } from '../host/mounts.ts';
import { cgroupMountNames } from './cgroup-names.ts';
import { type DomainDevicesPlan, domainDeviceNodes } from './devices.ts';
import { attachImages, type Images } from './images.ts';
import { asStartup } from './launch.ts';
import { withDevices } from './live-definition.ts';
import { openResources, type Resources } from './resources.ts';
import { openSharedNamespaces, type SharedNamespaceFds } from './shared-namespaces.ts';

export interface HostSide extends Disposable {
  /** The definition with what is known now of the devices that it will have. */
  readonly live: DomainDefinition;
  readonly images: Images;
  readonly devices: DomainDevicesPlan;
  readonly shared: SharedNamespaceFds['fds'];
  readonly resources: Resources;
}

export interface HostSideOptions {
  interfaces?: readonly InterfaceDevice[] | undefined;
  /** Of the file systems that are made for the container. */
  labelOptions?: Record<string, string> | undefined;
}

/** Throws LibvirtError; nothing stays open then. */
export function openHostSide(definition: DomainDefinition, { interfaces, labelOptions = {} }: HostSideOptions = {}): HostSide {
  const opened: Disposable[] = [];
  const keep = <T extends Disposable>(one: T): T => {
    opened.push(one);
    return one;
  };
  const close = () => {
    while (opened.length > 0) opened.pop()![Symbol.dispose]();
  };
  try {
    const images = keep(asStartup(() => attachImages(definition)));
    const attached = withDevices(definition, { interfaces, imageDevices: images.disks });
    const devices = asStartup(() => domainDeviceNodes(attached));
    const shared = keep(openSharedNamespaces(definition)).fds;
    const request = {
      definition,
      images: images.filesystems,
      nodes: devices.nodes,
      cgroupNames: cgroupMountNames(hostCgroups()),
      labelOptions,
    };
    const resources = keep(
      asStartup(() => {
        refuseAutomaticPlacement(definition);
        return openResources(request);
      }),
    );
    const live = withDevices(attached, {
      ptys: resources.consoles.map(({ host }) => `/dev/pts/${host.index}`),
      mountIds: new Map([...resources.filesystems].flatMap(([i, { mount }]) => (mount === undefined ? [] : [[i, mountIdOf(mount)]]))),
    });
    return { live, images, devices, shared, resources, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Differs from libvirt, which says this where it finds no numad(8): that is not asked. */
function refuseAutomaticPlacement({ vcpu, numatune }: DomainDefinition): void {
  if (vcpu.placement === 'auto' || numatune?.placement === 'auto')
    throw libvirtError('OPERATION_FAILED', 'Failed to query numad for the advisory nodeset');
}

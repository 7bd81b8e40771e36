// Names of cgroups, as libvirt makes them (libvirt: cgroups page). Pure.
import { libvirtError } from '../../errors.ts';

const MACHINE_NAME_MAX = 64;

/** `lxc-4711-web1`: the controller's pid and what is left of the domain's name. */
export function machineName(controllerPid: number, domainName: string): string {
  const name = `lxc-${controllerPid}-${domainName}`
    .replace(/[^A-Za-z0-9.-]/g, '')
    .replace(/([.-])[.-]+/g, '$1')
    .replace(/^[.-]+|[.-]+$/g, '');
  return name.slice(0, MACHINE_NAME_MAX).replace(/[.-]+$/, '');
}

/** A path component that the kernel could take for one of its files gets an underscore. */
function escapeComponent(component: string, controllers: readonly string[]): string {
  const dot = component.indexOf('.');
  const owner = dot > 0 ? component.slice(0, dot) : '';
  return /^[_.]/.test(component) || owner === 'cgroup' || controllers.includes(owner) ? `_${component}` : component;
}

/**
 * The directory of a partition below a hierarchy's root, without a leading slash.
 * Throws CONFIG_UNSUPPORTED for a partition that is not absolute.
 */
export function partitionPath(partition: string, controllers: readonly string[]): string {
  if (!partition.startsWith('/')) throw libvirtError('CONFIG_UNSUPPORTED', `Resource partition '${partition}' must start with '/'`);
  return partition
    .split('/')
    .filter(Boolean)
    .map((component, i) => (i === 0 && ['machine', 'system', 'user'].includes(component) ? component : withSuffix(component)))
    .map((component) => escapeComponent(component, controllers))
    .join('/');
}

const withSuffix = (component: string): string => (component.includes('.') ? component : `${component}.partition`);

/** The cgroup's own directory in its partition. */
export function cgroupName(machine: string, controllers: readonly string[]): string {
  return escapeComponent(`${machine}.libvirt-lxc`, controllers);
}

// What init is started with: its arguments and environment. Pure.
import type { DomainDefinition } from '../../domain/definition.ts';

export const initArgv = ({ os }: DomainDefinition): string[] => [os.init, ...os.initargs];

/**
 * NAME=VALUE in the order in which libvirt gives them. An <initenv> of a name that is there replaces its value in place.
 * Differs from libvirt: PATH and container are the documented ones (/bin:/usr/bin, libvirt-lxc), the latter unless the host says
 * otherwise.
 */
export function initEnvironment(definition: DomainDefinition, host: { containerVariable?: string | undefined } = {}): string[] {
  const environment = new Map<string, string>([
    ['PATH', '/bin:/usr/bin'],
    ['TERM', 'linux'],
    ['container', host.containerVariable ?? 'libvirt-lxc'],
    ['HOME', '/'],
    ['container_uuid', definition.uuid],
  ]);
  const further = definition.devices.consoles.length - 1;
  if (further > 0) environment.set('container_ttys', Array.from({ length: further }, (_, i) => `pts/${i + 1}`).join(' '));
  environment.set('LIBVIRT_LXC_UUID', definition.uuid);
  environment.set('LIBVIRT_LXC_NAME', definition.name);
  if (definition.os.cmdline !== undefined) environment.set('LIBVIRT_LXC_CMDLINE', definition.os.cmdline);
  if (isLabelledBySelinux(definition)) environment.set('SELINUX_INIT', 'YES');
  for (const { name, value } of definition.os.initenv) environment.set(name, value);
  return [...environment].map(([name, value]) => `${name}=${value}`);
}

/**
 * Then the policy is the host's, and loaded. System V's init, which does not see that, would load one, or end (init(8), SELINUX_INIT).
 * Differs from libvirt, where it ends.
 */
const isLabelledBySelinux = ({ seclabels }: DomainDefinition): boolean =>
  seclabels.some(({ model, label }) => model === 'selinux' && label !== undefined);

/** The host name of a domain: what of its name may stand in one. */
export function hostName(domainName: string): string {
  return domainName
    .replace(/[^A-Za-z0-9-]/g, '')
    .replace(/^-/, '')
    .slice(0, 64);
}

// Functions of libvirt's API that its own LXC driver does not have, and we do.
import { libvirtError } from '../errors.ts';
import { goesBeyondLibvirt } from '../store/lxc-conf.ts';

export { goesBeyondLibvirt } from '../store/lxc-conf.ts';

/** Throws NO_SUPPORT where a host is to do no more than libvirt does. */
export function requireBeyondLibvirt(api: string): void {
  if (!goesBeyondLibvirt()) throw libvirtError('NO_SUPPORT', api);
}

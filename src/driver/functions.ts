// Functions of libvirt's API that its own LXC driver does not have, and we do.
import { libvirtError } from '../errors.ts';
import { lxcConf } from '../store/lxc-conf.ts';

/**
 * Throws NO_SUPPORT where a host is to do no more than libvirt does: `functions = "libvirt"` in lxc.conf, which is what
 * `security_level = "libvirt"` means, too, where nothing else is said.
 */
export function requireBeyondLibvirt(api: string): void {
  const conf = lxcConf();
  const functions = conf.word('functions', ['libvirt', 'all']) ?? (conf.text('security_level') === 'libvirt' ? 'libvirt' : 'all');
  if (functions === 'libvirt') throw libvirtError('NO_SUPPORT', api);
}

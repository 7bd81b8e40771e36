// lxc.conf: what holds for all containers of this host.
import { Conf } from '../values/conf-file.ts';
import { readIfThere } from './atomic-write.ts';
import { paths } from './paths.ts';

/** Read whenever somebody asks: a prompt lives long. Throws CONF_SYNTAX. */
export const lxcConf = (): Conf => new Conf(readIfThere(paths.lxcConf) ?? '', paths.lxcConf);

/** Differs from libvirt, which has no such key: what init finds in its variable `container`. */
export const containerVariable = (): string | undefined => lxcConf().text('container_variable') || undefined;

/**
 * False on a host that is to do no more than libvirt's driver does: `functions = "libvirt"`, which is what
 * `security_level = "libvirt"` means, too, where nothing else is said. Throws CONF_SYNTAX.
 */
export function goesBeyondLibvirt(): boolean {
  const conf = lxcConf();
  const functions = conf.word('functions', ['libvirt', 'all']) ?? (conf.text('security_level') === 'libvirt' ? 'libvirt' : 'all');
  return functions === 'all';
}

// lxc.conf: what holds for all containers of this host.
import { Conf } from '../values/conf-file.ts';
import { readIfThere } from './atomic-write.ts';
import { paths } from './paths.ts';

/** Read whenever somebody asks: a prompt lives long. Throws CONF_SYNTAX. */
export const lxcConf = (): Conf => new Conf(readIfThere(paths.lxcConf) ?? '', paths.lxcConf);

/** Differs from libvirt, which has no such key: what init finds in its variable `container`. */
export const containerVariable = (): string | undefined => lxcConf().text('container_variable') || undefined;

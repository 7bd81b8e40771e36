// lxc.conf: what holds for all containers of this host. Of libvirt's own keys none means anything here.
import { libvirtError } from '../errors.ts';
import { readIfThere } from './atomic-write.ts';
import { paths } from './paths.ts';

/** Differs from libvirt, which has no such key: what init finds in its variable `container`. */
const CONTAINER_KEY = 'container_variable';

/** Throws CONF_SYNTAX for a value that is no string. */
export function containerVariable(): string | undefined {
  const line = new RegExp(`^[ \\t]*${CONTAINER_KEY}[ \\t]*=[ \\t]*(.*)$`, 'm').exec(readIfThere(paths.lxcConf) ?? '');
  if (!line) return undefined;
  const value = /^(?:"([^"]+)"|'([^']+)')\s*(?:#.*)?$/.exec(line[1]!);
  if (!value) throw libvirtError('CONF_SYNTAX', `${paths.lxcConf}: expecting a quoted string for ${CONTAINER_KEY}`);
  return value[1] ?? value[2];
}

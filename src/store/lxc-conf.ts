// lxc.conf: what holds for all containers of this host.
import fs from 'node:fs';
import { Conf } from '../values/conf-file.ts';
import { readIfThere } from './atomic-write.ts';
import { paths } from './paths.ts';

let last: { mark: string; conf: Conf } | undefined;

/** Looked at whenever somebody asks, as a prompt lives long, and read where it has changed: a start asks a dozen times. Throws CONF_SYNTAX. */
export function lxcConf(): Conf {
  const facts = fs.statSync(paths.lxcConf, { throwIfNoEntry: false });
  const mark = facts ? `${facts.ino} ${facts.size} ${facts.mtimeMs} ${facts.ctimeMs}` : '';
  if (last?.mark !== mark) last = { mark, conf: new Conf((facts && readIfThere(paths.lxcConf)) ?? '', paths.lxcConf) };
  return last.conf;
}

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

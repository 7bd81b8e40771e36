// Whether there are records: audit_level and audit_logging of lxc.conf or, where that is silent, of libvirt's daemons.
import fs from 'node:fs';
import { readIfThere } from '../../store/atomic-write.ts';
import { lxcConf } from '../../store/lxc-conf.ts';
import { paths } from '../../store/paths.ts';
import { Conf } from '../../values/conf-file.ts';

export interface AuditSettings {
  /** 0: no records; 1: where the host has them; 2: nothing is done without. */
  level: number;
  /** They go to the domain's log, too. */
  isLogged: boolean;
}

/** Throws CONF_SYNTAX and INTERNAL_ERROR for what cannot be understood. */
export function auditSettings(): AuditSettings {
  const files: Conf[] = [lxcConf()];
  for (const file of [paths.virtlxcdConf, paths.libvirtdConf]) {
    if (!fs.existsSync(file)) continue; // costs less than an error
    const text = readIfThere(file) ?? '';
    if (/^[ \t]*audit_/m.test(text)) files.push(new Conf(text, file)); // most say nothing of it, and are long
  }
  const number = (key: string): number | undefined => {
    for (const conf of files) {
      const value = conf.number(key);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return { level: number('audit_level') ?? 1, isLogged: (number('audit_logging') ?? 0) > 0 };
}

// How much of the host a container is kept from: the level of its definition, or of all that say none.
import fs from 'node:fs';
import type { DomainDefinition, SecurityLevel } from '../domain/definition.ts';
import { SECURITY_LEVELS } from '../domain/elements/own-namespace.ts';
import { libvirtError } from '../errors.ts';
import { lxcConf } from '../store/lxc-conf.ts';

const DEFAULT_LEVEL: SecurityLevel = 'default';
const DEFAULT_MAX_PIDS = 16384;

/** `libvirt`: what libvirt does, and no more. Throws CONF_SYNTAX for a wrong `security_level` in lxc.conf. */
export function securityLevel({ security }: Pick<DomainDefinition, 'security'>): SecurityLevel {
  return security?.level ?? lxcConf().word('security_level', SECURITY_LEVELS) ?? DEFAULT_LEVEL;
}

/** Does the kernel filter system calls (seccomp(2))? */
export const hasFilters = (): boolean => fs.existsSync('/proc/sys/kernel/seccomp/actions_avail');

/** The same, for a container that is about to start. Throws CONFIG_UNSUPPORTED where this kernel cannot have it. */
export function availableLevel(definition: Pick<DomainDefinition, 'security'>): SecurityLevel {
  const level = securityLevel(definition);
  if (level !== 'libvirt' && !hasFilters())
    throw libvirtError(
      'CONFIG_UNSUPPORTED',
      `security level '${level}' needs a kernel that filters system calls; level 'libvirt' does not`,
    );
  return level;
}

/** How many processes a container may have; undefined: as many as the host. Throws CONF_SYNTAX for a wrong `pids_max` in lxc.conf. */
export function maxPids(definition: Pick<DomainDefinition, 'security'>): number | undefined {
  const given = definition.security?.maxPids;
  if (given !== undefined) return given === 0 ? undefined : given;
  if (securityLevel(definition) === 'libvirt') return undefined;
  const configured = lxcConf().number('pids_max') ?? DEFAULT_MAX_PIDS;
  return configured === 0 ? undefined : configured;
}

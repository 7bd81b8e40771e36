// The user namespace of a container whose definition has no <idmap>: at level strict always, at level default where lxc.conf says so.
import type { DomainDefinition, SecurityLevel } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { type HeldIds, holdGiven, takeRange } from '../security/id-ranges.ts';
import { securityLevel } from '../security/level.ts';
import { warn } from '../store/log.ts';
import { lxcConf } from '../store/lxc-conf.ts';
import { runsOnHostRoot } from './host-root.ts';
import { withIds } from './live-definition.ts';
import { hasUserNamespace } from './plan/namespaces.ts';

export interface ContainerIds extends Disposable {
  /** What it runs with. */
  definition: DomainDefinition;
  /** Its ids were chosen for it. */
  isAutomatic: boolean;
  held: HeldIds | undefined;
}

/**
 * The ids of a container: those of its definition, or a free range where it is to have one; its files are mapped then, whosever they
 * are. Throws CONFIG_UNSUPPORTED where level strict wants them and it can have none, and what takeRange() throws.
 */
export function takeIds(definition: DomainDefinition, level: SecurityLevel, onWarning?: (text: string) => void): ContainerIds {
  const without = { definition, isAutomatic: false, held: undefined, [Symbol.dispose]: () => {} };
  if (hasUserNamespace(definition)) {
    const given = holdGiven(definition.idmap);
    if (given?.areTaken) warn(definition.name, `ids of domain '${definition.name}' were chosen for another container that runs`, onWarning);
    return { ...without, ...disposing(given) };
  }
  if (!wantsIds(level)) return without;
  const obstacle = obstacleOf(definition);
  if (obstacle === undefined) {
    const held = takeRange(definition);
    return { definition: withIds(definition, held.idmap), isAutomatic: true, ...disposing(held) };
  }
  if (level === 'strict')
    throw libvirtError('CONFIG_UNSUPPORTED', `security level 'strict' wants a user namespace, which this domain cannot have: ${obstacle}`);
  warn(definition.name, `domain '${definition.name}' gets no user namespace by default_idmap: ${obstacle}`, onWarning);
  return without;
}

const wantsIds = (level: SecurityLevel): boolean =>
  level === 'strict' || (level === 'default' && lxcConf().word('default_idmap', ['none', 'auto']) === 'auto');

/** Will a start choose ids for a container of this definition? */
export const hasIdsChosen = (definition: DomainDefinition): boolean =>
  !hasUserNamespace(definition) && wantsIds(securityLevel(definition)) && obstacleOf(definition) === undefined;

const disposing = (held: HeldIds | undefined) => ({ held, [Symbol.dispose]: () => held?.[Symbol.dispose]() });

/** Why a container cannot have ids of its own, unless somebody thinks them out for it. */
function obstacleOf(definition: DomainDefinition): string | undefined {
  const [shared] = Object.keys(definition.sharedNamespaces);
  if (shared !== undefined) return `it shares the namespace ${shared} of others`; // setns(2)
  return runsOnHostRoot(definition) ? "its root is this host's own" : undefined;
}

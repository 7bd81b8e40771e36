// Which of a domain's two definitions a command is about: --live, --config, --current.

import type { DomainDefinitions } from '../../container/definitions.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import { libvirtError, notRunning } from '../../errors.ts';

export interface Affect {
  readonly live?: boolean;
  readonly config?: boolean;
}

/**
 * What a change is to affect; without flags the running domain, or the stored definition if it does not run.
 * Throws OPERATION_INVALID when that is not there.
 */
export function affected(image: DomainDefinitions, { live = false, config = false }: Affect): { live: boolean; config: boolean } {
  if (live && !image.active) throw notRunning();
  if (config && !image.persistent) {
    throw libvirtError('OPERATION_INVALID', 'transient domains do not have any persistent config');
  }
  if (live || config) return { live, config };
  return { live: image.active, config: !image.active };
}

/** The one definition that a query is about. Throws OPERATION_INVALID where it is not there, INVALID_ARG for both at once. */
export function queried(image: DomainDefinitions, affect: Affect): { definition: DomainDefinition; isLive: boolean } {
  if (affect.live && affect.config) {
    throw libvirtError('PLAIN', "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
  }
  const { live } = affected(image, affect);
  const definition = live ? image.live : image.config;
  if (!definition) throw notRunning();
  return { definition, isLive: live };
}

/** Applies `change` to each affected definition and returns what is to be written back. */
export function changeAffected(
  image: DomainDefinitions,
  affect: Affect,
  change: (definition: DomainDefinition) => DomainDefinition,
): { config?: DomainDefinition; live?: DomainDefinition } {
  const { live, config } = affected(image, affect);
  return {
    ...(live && image.live && { live: change(image.live) }),
    ...(config && image.config && { config: change(image.config) }),
  };
}

// Which of a network's two definitions a command is about: --live, --config, --current.

import { libvirtError } from '../../errors.ts';

export interface UpdateTarget {
  /** Neither: the active network, or the definition of one that is not. */
  readonly live: boolean;
  readonly config: boolean;
}

/** What is meant. Throws OPERATION_INVALID for what is not there; `noConfig` is said of a network without a stored definition. */
export function networkTargets(
  { active, persistent }: { readonly active: boolean; readonly persistent: boolean },
  { live, config }: UpdateTarget,
  { noConfig }: { readonly noConfig: string },
): UpdateTarget {
  const neither = !live && !config;
  const wants = { live: live || (neither && active), config: config || (neither && !active) };
  if (wants.live && !active) throw libvirtError('OPERATION_INVALID', 'network is not running');
  if (wants.config && !persistent) throw libvirtError('OPERATION_INVALID', noConfig);
  return wants;
}

// Which definition a device command changes.

import { configLiveCurrent } from '../../cli/command.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

/** --persistent, --config, --live and --current, in this order. */
export function persistentConfigLiveCurrent() {
  return [
    { name: 'persistent', type: 'bool', help: 'affect the stored definition, and the domain if it runs' },
    CONFIG,
    LIVE,
    CURRENT,
  ] as const;
}

/** The pairs of them that exclude each other. */
export const PERSISTENT_EXCLUDES = [
  ['persistent', 'current'],
  ['config', 'current'],
  ['live', 'current'],
] as const;

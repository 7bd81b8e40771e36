// Which definition a device command changes.

import { CURRENT_EXCLUDES, configLiveCurrent, excludes } from '../../command.ts';

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

/** Their rules. */
export const PERSISTENT_EXCLUDES = [excludes('persistent', 'current'), ...CURRENT_EXCLUDES];

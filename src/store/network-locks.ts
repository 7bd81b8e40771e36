// Where networks' locks lie. One that is there tells that a command changes its network, or was killed when it did.
import { listDirectory } from '../host/system-files.ts';
import { paths } from './paths.ts';

const ENDING = '.lock';

export const networkLockFile = (name: string): string => `${paths.networkRun}/${name}${ENDING}`;

/** The networks whose lock is there. That of the store is called ''. */
export const networkLockNames = (): string[] =>
  listDirectory(paths.networkRun).flatMap((entry) => (entry.endsWith(ENDING) ? entry.slice(0, -ENDING.length) : []));

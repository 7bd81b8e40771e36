// What starts with the host beside domains: networks and storage pools, one after the other.
import { failureInSync, type LibvirtError } from '../errors.ts';

export interface AutostartResult {
  name: string;
  /** undefined: it was started. */
  error: LibvirtError | undefined;
}

/** Starts each of `marked` that there is and that is not active. One that fails does not keep the others from it. */
export function startMarked<T extends { readonly active: boolean }>(
  marked: readonly string[],
  { find, start }: { find: (name: string) => T | undefined; start: (found: T) => void },
): AutostartResult[] {
  return [...marked].sort().flatMap((name) => {
    const found = find(name);
    return !found || found.active ? [] : [{ name, error: failureInSync(() => start(found)) }];
  });
}

/** What `action` gives; undefined where it fails: for looks at what may be gone meanwhile, or never was there. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

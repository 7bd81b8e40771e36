// Where hook scripts are: /etc/libvirt/hooks/lxc and the executables of lxc.d (libvirt: hooks page). Most hosts have none, so
// running them (run-hooks.ts) is a module of its own.
import fs from 'node:fs';

export type HookOperation =
  | ['prepare' | 'start' | 'started', 'begin']
  | ['stopped' | 'release', 'end']
  | ['reconnect', 'begin']
  | ['port-created' | 'port-deleted' | 'updated', 'begin'];

/** Scripts of `directory` for `driver`, in the order in which they run. Cheap where there are none. */
export function hookScripts(directory: string, driver: string): string[] {
  const executable = (file: string): boolean => {
    const facts = fs.statSync(file, { throwIfNoEntry: false });
    return facts?.isFile() === true && (facts.mode & 0o111) !== 0;
  };
  const more = `${directory}/${driver}.d`;
  const names = fs.existsSync(more) ? fs.readdirSync(more).sort() : [];
  return [`${directory}/${driver}`, ...names.map((name) => `${more}/${name}`)].filter(executable);
}

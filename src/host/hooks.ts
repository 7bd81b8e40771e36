// Hook scripts: /etc/libvirt/hooks/lxc and the executables of lxc.d (libvirt: hooks page).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { libvirtError } from '../errors.ts';

export type HookOperation = ['prepare' | 'start' | 'started', 'begin'] | ['stopped' | 'release', 'end'] | ['reconnect', 'begin'];

const PASSED_ON = ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR'];

/** Scripts of `folder` for `driver`, in the order in which they run. Cheap where there are none. */
export function hookScripts(folder: string, driver: string): string[] {
  const executable = (file: string): boolean => {
    const facts = fs.statSync(file, { throwIfNoEntry: false });
    return facts !== undefined && facts.isFile() && (facts.mode & 0o111) !== 0;
  };
  const more = `${folder}/${driver}.d`;
  const names = fs.existsSync(more) ? fs.readdirSync(more).sort() : [];
  return [`${folder}/${driver}`, ...names.map((name) => `${more}/${name}`)].filter(executable);
}

/**
 * Runs the scripts with the domain's XML on standard input. Throws HOOK_SCRIPT_FAILED at the first that fails, which for
 * prepare, start and started calls the start off.
 */
export function runHooks(scripts: readonly string[], object: string, [operation, phase]: HookOperation, xml: string): void {
  for (const script of scripts) {
    const args = [object, operation, phase, '-'];
    const env: Record<string, string> = { LC_ALL: 'C' };
    for (const name of PASSED_ON) if (process.env[name] !== undefined) env[name] = process.env[name];
    const result = spawnSync(script, args, { input: xml, env, stdio: ['pipe', 'ignore', 'pipe'], encoding: 'utf8' });
    if (result.status === 0) continue;
    const command = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), script, ...args].join(' ');
    const how = result.signal
      ? `fatal signal ${result.signal}`
      : result.status === null
        ? String(result.error?.message)
        : `exit status ${result.status}`;
    throw libvirtError('HOOK_SCRIPT_FAILED', `internal error: Child process (${command}) unexpected ${how}: ${result.stderr ?? ''}`);
  }
}

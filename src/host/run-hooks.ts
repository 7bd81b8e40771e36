// Runs hook scripts (libvirt: hooks page).
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { libvirtError } from '../errors.ts';
import type { HookOperation } from './hooks.ts';

const PASSED_ON = ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR'];

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

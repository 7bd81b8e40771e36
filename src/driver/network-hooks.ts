// The hook scripts of networks: /etc/libvirt/hooks/network and the executables of network.d (libvirt: hooks page).
import { type HookOperation, hookScripts } from '../host/hooks.ts';
import { runHooks } from '../host/run-hooks.ts';
import { paths } from '../store/paths.ts';

/**
 * Runs them with the network's live XML, and that of a port where one is concerned. Throws HOOK_SCRIPT_FAILED.
 * `documents` is asked for the XML only where there are scripts.
 */
export function runNetworkHooks(network: string, operation: HookOperation, documents: () => readonly string[]): void {
  const scripts = hookScripts(paths.hooks, 'network');
  if (scripts.length === 0) return;
  const inside = documents().map((document) => document.trimEnd().replace(/^(?=.)/gm, '  '));
  runHooks(scripts, network, operation, ['<hookData>', ...inside, '</hookData>'].join('\n'));
}

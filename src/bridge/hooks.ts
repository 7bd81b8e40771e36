// The hook scripts of networks: /etc/libvirt/hooks/network and the executables of network.d (libvirt: hooks page).

import { type HookOperation, hookScripts } from '../host/hooks.ts';
import { runHooks } from '../host/run-hooks.ts';
import { paths } from '../store/paths.ts';
import { XmlWriter } from '../xml/writer.ts';

/**
 * Runs them with the network's live XML, and that of a port where one is concerned. Throws HOOK_SCRIPT_FAILED.
 * `write` is asked for the XML only where there are scripts.
 */
export function runNetworkHooks(network: string, operation: HookOperation, write: (writer: XmlWriter) => void): void {
  const scripts = hookScripts(paths.hooks, 'network');
  if (scripts.length === 0) return;
  const writer = new XmlWriter();
  writer.block('hookData', [], () => write(writer));
  runHooks(scripts, network, operation, writer.toString().trimEnd());
}

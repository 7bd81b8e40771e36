// /etc/libvirt/network.conf, the settings of the network driver, as far as they are of use here.
import { libvirtError } from '../errors.ts';

const FIREWALL_BACKENDS = ['nftables', 'none'] as const;
/** `none`: the administrator's own rules have to do. */
export type FirewallBackend = (typeof FIREWALL_BACKENDS)[number];

const ASSIGNMENT = /^(?<name>[A-Za-z_]\w*)\s*=\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|-?\d+|\[.*\])\s*(?:#.*)?$/;

/** Throws CONF_SYNTAX for what is no assignment or no backend, CONFIG_UNSUPPORTED for a backend that is not ours. */
export function parseFirewallBackend(text: string, file: string): FirewallBackend {
  let backend: string = FIREWALL_BACKENDS[0];
  for (const [i, line] of text.split('\n').entries()) {
    const statement = line.trim();
    if (statement === '' || statement.startsWith('#')) continue;
    const found = ASSIGNMENT.exec(statement)?.groups;
    if (!found) throw libvirtError('CONF_SYNTAX', `${file}:${i + 1}: expecting a name and a value in quotes`);
    if (found['name'] === 'firewall_backend') backend = found['double'] ?? found['single'] ?? '';
  }
  if (backend === 'iptables')
    throw libvirtError(
      'CONFIG_UNSUPPORTED',
      `requested firewall_backend 'iptables' in ${file} is not available: it can be nftables or none`,
    );
  const known = FIREWALL_BACKENDS.find((candidate) => candidate === backend);
  if (known === undefined)
    throw libvirtError('CONF_SYNTAX', `unrecognized firewall_backend = '${backend}' set in network driver config file ${file}`);
  return known;
}

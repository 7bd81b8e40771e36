// /etc/libvirt/network.conf, the settings of the network driver, as far as they are of use here.
import { libvirtError } from '../errors.ts';
import { Conf } from '../values/conf-file.ts';

const FIREWALL_BACKENDS = ['nftables', 'none'] as const;
/** `none`: the administrator's own rules have to do. */
export type FirewallBackend = (typeof FIREWALL_BACKENDS)[number];

/** Throws CONF_SYNTAX for what is no such file or no backend, CONFIG_UNSUPPORTED for a backend that is not ours. */
export function parseFirewallBackend(text: string, file: string): FirewallBackend {
  const backend = new Conf(text, file).text('firewall_backend') ?? FIREWALL_BACKENDS[0];
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

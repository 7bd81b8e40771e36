// domxml-from-native: configurations of other tools as domain XML.

import { formatDomain } from '../../domain/format.ts';
import { domainFromLxcConf } from '../../domain/from-lxc-conf.ts';
import { libvirtError } from '../../errors.ts';
import { parseHost } from '../../host/parse-host.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** Throws INVALID_ARG for a format other than `lxc-tools`. */
export function domainXmlFromNative(connection: Connection, format: string, text: string): string {
  requireWritable(connection, 'virConnectDomainXMLFromNative');
  if (format !== 'lxc-tools') throw libvirtError('INVALID_ARG', `unsupported config type ${format}`);
  return formatDomain(domainFromLxcConf(text, parseHost), { live: false });
}

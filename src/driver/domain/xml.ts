// dumpxml: what is stored is normalised already, so the inactive form of a defined domain is a read.

import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, unsupportedFlags } from '../../errors.ts';
import { readDefinition } from '../../store/definitions.ts';
import { liveStatus } from '../../store/live-status.ts';
import type { Connection } from '../connection.ts';

export interface XmlOptions {
  inactive?: boolean;
  secure?: boolean;
  migratable?: boolean;
  updateCpu?: boolean;
}

const FLAG_UPDATE_CPU = 0x4;

/** The domain's XML, ending in `</domain>` and a newline. Throws OPERATION_DENIED for `secure` and `migratable` on a read-only connection. */
export async function domainXml(connection: Connection, ref: DomainRef, options: XmlOptions): Promise<string> {
  if ((options.secure || options.migratable) && connection.readonly)
    throw libvirtError('OPERATION_DENIED', 'virDomainGetXMLDesc with secure flag');
  if (options.updateCpu) throw unsupportedFlags(FLAG_UPDATE_CPU, 'lxcDomainGetXMLDesc');
  const status = liveStatus(ref.name);
  const stored = status && !options.inactive ? undefined : readDefinition(ref.name);
  if (stored !== undefined) {
    // Only what is escaped can look otherwise than it is stored.
    return stored.includes('&') ? (await import('../../domain/stored.ts')).printedForm(stored) : stored;
  }
  if (!status) throw libvirtError('NO_DOMAIN', `no domain with matching name '${ref.name}'`);
  const [{ loadStatus }, { formatDomain }] = await Promise.all([
    import('../../store/domain-documents.ts'),
    import('../../domain/format.ts'),
  ]);
  const { domain, config, automaticIds } = loadStatus(status);
  if (!options.inactive) return formatDomain(domain, { live: true });
  // A transient domain has no stored form: its inactive one is the live one without what belongs to the run.
  if (config) return formatDomain(config, { live: false });
  const own = automaticIds ? (await import('../../container/live-definition.ts')).withoutIds(domain) : domain;
  return formatDomain(own, { live: false, keepAliases: true });
}

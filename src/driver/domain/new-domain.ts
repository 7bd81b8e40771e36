// A domain from a document that somebody wrote, with warnings of what in it means nothing.

import type { DomainDefinition } from '../../domain/definition.ts';
import { formatDomain } from '../../domain/format.ts';
import { type ParseHost, parseDomainElement } from '../../domain/parse.ts';
import { strangersIn } from '../../domain/strangers.ts';
import { parseHost } from '../../host/parse-host.ts';
import { warn } from '../../store/log.ts';
import { attributeOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import { parseXml } from '../../xml/reader.ts';

export interface NewDomain {
  definition: DomainDefinition;
  /** To be called when the domain is there: the warnings go to its log. */
  warnOfLosses(onWarning: ((text: string) => void) | undefined): void;
}

/** Throws as parseDomain() and, with `validate`, validateDomain(). */
export async function readNewDomain(xml: string | Uint8Array, { validate }: { validate?: boolean | undefined }): Promise<NewDomain> {
  if (validate) (await import('../../domain/schema.ts')).validateDomain(xml);
  const root = parseXml(xml, '(domain_definition)');
  const definition = parseDomainElement(root, await hostOf(root), { inactive: true });
  if (definition.seclabels.length > 0) await (await import('../../security/labels.ts')).verifyLabels(definition);
  const warnings = strangersIn(root, () => formatDomain(definition, { live: false }));
  return {
    definition,
    warnOfLosses: (onWarning) => {
      for (const text of warnings) warn(definition.name, text, onWarning);
    },
  };
}

/** How this host labels is asked only for who leaves it open. */
async function hostOf(root: XmlElement): Promise<ParseHost> {
  if (childrenOf(root, 'seclabel').every((label) => attributeOf(label, 'model') !== undefined)) return parseHost;
  const { securityModel } = await import('../../security/labels.ts');
  return { ...parseHost, securityModel: (await securityModel()).model };
}

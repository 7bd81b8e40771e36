// A domain from a document that somebody wrote, with warnings of what in it means nothing.

import type { DomainDefinition } from '../../domain/definition.ts';
import { formatDomain } from '../../domain/format.ts';
import { parseDomainElement } from '../../domain/parse.ts';
import { strangersIn } from '../../domain/strangers.ts';
import { parseHost } from '../../host/parse-host.ts';
import { warn } from '../../store/log.ts';
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
  const definition = parseDomainElement(root, parseHost, { inactive: true });
  const warnings = strangersIn(root, () => formatDomain(definition, { live: false }));
  return {
    definition,
    warnOfLosses: (onWarning) => {
      for (const text of warnings) warn(definition.name, text, onWarning);
    },
  };
}

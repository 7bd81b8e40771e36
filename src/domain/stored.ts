// Files of defined domains: the comment that warns whoever opens one, an empty line, the domain.

import { unescapeWhiteSpace, unescapeXml } from '../xml/escape.ts';
import { commentMark, endTag, LIBVIRT, startTag } from '../xml/markup.ts';
import { parseXml } from '../xml/reader.ts';
import type { DomainDefinition } from './definition.ts';
import { formatDomain } from './format.ts';
import { type ParseHost, parseDomainElement } from './parse.ts';

/** The comment at the top of every file of ours; `editCommand` is what to use instead: `virsh edit web`. */
export function storedHeader(editCommand: string): string {
  // A comment must not hold two dashes in a row.
  const command = editCommand.replace(/-(?=-)/g, '- ');
  const words = `
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
  ${command}
or other application using the libvirt API.
`;
  return `${commentMark(words)}\n\n`;
}

/** The whole file of a defined domain. */
export function formatStored(definition: DomainDefinition): string {
  return storedHeader(`virsh edit ${definition.name}`) + formatDomain(definition, { live: false, lossless: true });
}

/** Reads what formatStored() wrote, or a file of libvirt's. Throws as parseDomain() does. */
export function parseStored(text: string | Uint8Array, host: ParseHost): DomainDefinition {
  return parseDomainElement(parseXml(text, '(domain_definition)'), host, { stored: true });
}

const RAW_LINES = /^ *<(?:initenv|inituser|initgroup|lxc:share\w+)[ >].*$/gm;

/** A stored domain's text as libvirt shows it: without the escapes that are only there so that it can be read back. */
export function printedForm(body: string): string {
  if (!body.includes('&')) return body;
  const [start, end] = placeOfMetadata(body);
  return printedPart(body.slice(0, start)) + body.slice(start, end) + printedPart(body.slice(end));
}

const printedPart = (part: string): string => unescapeWhiteSpace(part.replace(RAW_LINES, unescapeXml));

/** What others keep in <metadata> is printed as libxml2 writes it, references included. */
function placeOfMetadata(body: string): [start: number, end: number] {
  const start = body.indexOf(`\n  ${startTag(LIBVIRT, 'metadata', [])}\n`);
  return start < 0 ? [0, 0] : [start, body.lastIndexOf(`\n  ${endTag('metadata')}\n`)];
}

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { domainBody } from '../../../src/domain/facts.ts';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { formatStored, parseStored, printedForm } from '../../../src/domain/stored.ts';
import { testHost } from './test-host.ts';

const directory = new URL('../../fixtures/domain-xml/', import.meta.url);
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.xml') && !file.endsWith('.out.xml'))
  .map((file) => file.slice(0, -'.xml'.length));

describe.each(names)('fixture %s', (name) => {
  const input = readFileSync(new URL(`${name}.xml`, directory));
  const output = readFileSync(new URL(`${name}.out.xml`, directory), 'utf8');
  const definition = parseDomain(input, testHost());

  it('prints as libvirt would', () => {
    expect(formatDomain(definition, { live: false })).toBe(output);
  });

  it('prints the same when what it printed is defined again', () => {
    expect(formatDomain(parseDomain(output, testHost()), { live: false })).toBe(output);
  });

  it('comes back from its file as it was', () => {
    expect(formatDomain(parseStored(formatStored(definition), testHost()), { live: false })).toBe(output);
  });
});

describe('formatStored()', () => {
  it('escapes what libvirt prints raw, so that it can be read back', () => {
    const definition = parseDomain(
      `<domain type='lxc'><name>n</name><memory>1</memory><os><type>exe</type><init>/i</init><initenv name='A'>a&lt;b</initenv></os></domain>`,
      testHost(),
    );
    expect(formatDomain(definition, { live: false })).toContain(`<initenv name='A'>a<b</initenv>`);
    expect(printedForm(domainBody(formatStored(definition))!)).toBe(formatDomain(definition, { live: false }));
    expect(parseStored(formatStored(definition), testHost()).os.initenv).toEqual([{ name: 'A', value: 'a<b' }]);
  });

  it('leaves references in metadata as they are', () => {
    const definition = parseDomain(
      `<domain type='lxc'><name>n</name><description>&#13;</description><metadata><a:x xmlns:a="urn:a" b="&#10;&#9;">&#13;</a:x></metadata><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>`,
      testHost(),
    );
    const printed = formatDomain(definition, { live: false });
    expect(printed).toContain(`<a:x xmlns:a="urn:a" b="&#10;&#9;">&#13;</a:x>`);
    expect(printed).toContain(`<description>\r</description>`);
    expect(printedForm(domainBody(formatStored(definition))!)).toBe(printed);
  });

  it('begins with the comment that libvirt writes', () => {
    const stored = formatStored(
      parseDomain(`<domain type='lxc'><name>web</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>`, testHost()),
    );
    expect(stored.slice(0, stored.indexOf('<domain'))).toBe(`<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
  virsh edit web
or other application using the libvirt API.
-->

`);
    expect(domainBody(stored)).toBe(stored.slice(stored.indexOf('<domain')));
  });
});

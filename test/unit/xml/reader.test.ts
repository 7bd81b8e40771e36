import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LibvirtError } from '../../../src/errors.ts';
import { attributeOf, childOf, textOf } from '../../../src/xml/element.ts';
import { parseXml } from '../../../src/xml/reader.ts';
import { serialize } from '../../../src/xml/serialize.ts';

vi.setConfig({ testTimeout: 60_000 });

function complaint(document: string | Uint8Array): string {
  try {
    parseXml(document, '(x)');
  } catch (error) {
    if (error instanceof LibvirtError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('parseXml()', () => {
  it('resolves entities, references, CDATA and namespaces', () => {
    const root = parseXml(
      `\ufeff<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e "<b>in</b> &f;"><!ENTITY f '&#65;'>]><?pi?><p:a xmlns:p='urn:p' q="&f;&lt;&#10;\n">x&amp;&e;<![CDATA[<&>]]><!-- no --></p:a>`,
      'x',
    );
    expect(root).toMatchObject({ local: 'a', uri: 'urn:p' });
    expect(attributeOf(root, 'q')).toBe('A<\n ');
    expect(textOf(root)).toBe('x&in A<&>');
  });

  it('finds only children without a namespace by name', () => {
    const root = parseXml("<a><b xmlns='urn:x'/><b>2</b></a>", 'x');
    expect(textOf(childOf(root, 'b')!)).toBe('2');
  });

  it('stops at a NUL and takes all kinds of line ends', () => {
    expect(textOf(parseXml('<a>1\r\n2\r3</a>\0junk', 'x'))).toBe('1\n2\n3');
  });

  it.each([
    ['', '(x):1: Document is empty\n(null)\n^'],
    ['text', "(x):1: Start tag expected, '<' not found\ntext\n^"],
    ['<a>\n<b>\n</a>', '(x):3: Opening and ending tag mismatch: b line 2 and a\n</a>\n----^'],
    ['<a>\n', '(x):2: Premature end of data in tag a line 1\n(null)\n^'],
    ['<a/><b/>', '(x):1: Extra content at the end of the document\n<a/><b/>\n----^'],
    ["<a b='1' b='2'/>", "(x):1: Attribute b redefined\n<a b='1' b='2'/>\n--------------^"],
    ['<a b=1/>', '(x):1: AttValue: " or \' expected\n<a b=1/>\n-----^'],
    ["<a b='<'/>", "(x):1: Unescaped '<' not allowed in attributes values\n<a b='<'/>\n------^"],
    ['<a b/>', '(x):1: Specification mandates value for attribute b\n<a b/>\n----^'],
    ['<é>&nope;</é>', "(x):1: Entity 'nope' not defined\n<é>&nope;</é>\n----------^"],
    ['<a>&#0;</a>', '(x):1: xmlParseCharRef: invalid xmlChar value 0\n<a>&#0;</a>\n-------^'],
    ['<a>\x01</a>', '(x):1: PCDATA invalid Char value 1\n<a>\x01</a>\n---^'],
    ['<a>\t<b></a>', '(x):1: Opening and ending tag mismatch: b line 1 and a\n<a>\t<b></a>\n---\t-------^'],
    ['<a><!-- b', '(x):1: Comment not terminated\n<a><!-- b\n---------^'],
    ['<a>]]></a>', "(x):1: Sequence ']]>' not allowed in content\n<a>]]></a>\n---^"],
    ['<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a b="&x;"/>', expect.stringContaining('Detected an entity reference loop')],
  ])('says of %j what libxml2 does', (document, message) => {
    expect(complaint(document)).toEqual(message);
  });

  it('names bytes that are not UTF-8', () => {
    expect(complaint(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toContain(
      'Input is not proper UTF-8, indicate encoding !\nBytes: 0xFF 0x3C 0x2F 0x61\n',
    );
  });

  it('takes an attribute of one name under two prefixes', () => {
    const { attributes } = parseXml("<a xmlns:b='urn:x' xmlns:c='urn:x' b:z='1' c:z='2'/>", 'x');
    expect(attributes.map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('gives up on depth and on entities that grow without end', () => {
    expect(complaint('<a>'.repeat(300))).toContain('Excessive depth in document: 256');
    expect(() => parseXml('<a>'.repeat(257) + '</a>'.repeat(257), 'x')).not.toThrow();
    const bomb = Array.from({ length: 30 }, (_none, i) => `<!ENTITY e${i + 1} "&e${i};&e${i};">`).join('');
    expect(complaint(`<!DOCTYPE a [<!ENTITY e0 "xxxxxxxxxx">${bomb}]><a>&e30;</a>`)).toContain('Detected an entity reference loop');
  });

  const pieces = fc.constantFrom(
    '<',
    '>',
    '/',
    '&',
    '"',
    "'",
    '=',
    '!',
    '?',
    '--',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&#',
    ';',
    '\n',
    ' ',
    '<a>',
    '</a>',
    'a',
    'é',
    '\x01',
    ':',
    'xmlns',
    '<!DOCTYPE a [',
    '<!ENTITY ',
    '%',
    '\ud800',
  );
  it('throws nothing but LibvirtError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => void complaint(parts.join(''))),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void complaint(bytes)),
      { numRuns: 1000 },
    );
  });
});

describe('serialize()', () => {
  it.each([
    ["<a><b/><c d='\"'/></a>", '<a>\n  <b/>\n  <c d="&quot;"/>\n</a>'],
    ['<a> <b> </b> </a>', '<a>\n  <b> </b>\n</a>'],
    ['<a>t<b><c/></b></a>', '<a>t<b><c/></b></a>'],
    ["<a q='é'>é</a>", '<a q="&#xE9;">é</a>'],
  ])('%s', (document, text) => {
    expect(serialize(parseXml(document, '(x)'))).toBe(text);
  });

  it('declares what it takes from outside', () => {
    const root = parseXml("<r xmlns:p='urn:p'><p:a/></r>", 'x');
    const [child] = root.children;
    expect(child?.kind === 'element' && serialize(child)).toBe('<p:a xmlns:p="urn:p"/>');
  });
});

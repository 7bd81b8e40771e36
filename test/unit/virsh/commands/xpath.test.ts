import { describe, expect, it } from 'vitest';
import { selectXml } from '../../../../src/virsh/commands/xpath.ts';

const XML = `<domain type='lxc'>
  <name>a &lt; "b"</name>
  <metadata><k:one xmlns:k='urn:k' v='"'>text <k:b/> mixed</k:one></metadata>
  <console type='pty'><target type='lxc' port='0'/></console>
</domain>
`;
const select = (expression: string, wrap = false) => selectXml(XML, expression, { wrap });

describe('selectXml()', () => {
  it('prints elements at the left margin, with double quotes', async () => {
    expect(await select('//console')).toBe('<console type="pty">\n  <target type="lxc" port="0"/>\n</console>\n');
  });
  it('adds nothing to mixed content', async () => {
    expect(await select("//*[local-name()='one']")).toBe('<k:one xmlns:k="urn:k" v="&quot;">text <k:b/> mixed</k:one>\n');
  });
  it('prints attributes and text', async () => {
    expect(await select('//console/@type')).toBe(' type="pty"\n');
    expect(await select('//name/text()')).toBe('a &lt; "b"\n');
  });
  it('starts at the root element', async () => {
    expect(await select('name')).toBe('<name>a &lt; "b"</name>\n');
  });
  it('escapes what an attribute holds beyond ASCII, and no text', async () => {
    const xml = "<domain><a b='é &amp; &quot;&#9;'>é &amp; \"</a></domain>";
    expect(await selectXml(xml, 'a', { wrap: false })).toBe('<a b="&#xE9; &amp; &quot;&#9;">é &amp; "</a>\n');
  });
  it('sees neither the white space of the layout nor declarations', async () => {
    expect(await select('/domain/console/text()')).toBe('');
    expect(await select("//*[local-name()='one']/@*")).toBe(' v="&quot;"\n');
    expect(await select("//*[local-name()='one']/node()")).toBe('text \n<k:b/>\n mixed\n');
  });
  it('declares a namespace where a copy needs it', async () => {
    expect(await select("//*[local-name()='b']")).toBe('<k:b/>\n');
    expect(await select("//*[local-name()='b']", true)).toBe('<nodes>\n  <k:b xmlns:k="urn:k"/>\n</nodes>\n');
  });
  it('gives what it selects in the order of the document', async () => {
    expect(await select('//target/@port | //name | //target/@type | //console')).toBe(
      `<name>a &lt; "b"</name>\n<console type="pty">\n  <target type="lxc" port="0"/>\n</console>\n type="lxc"\n port="0"\n`,
    );
    expect(await select('//target/ancestor::*[@type="pty"]/preceding-sibling::name/text()')).toBe('a &lt; "b"\n');
    expect(await select('//*[@port=0]/parent::*[last()]/@type')).toBe(' type="pty"\n');
  });
  it('has the document itself', async () => {
    expect(await selectXml('<a><b/></a>', '/', { wrap: false })).toBe('<?xml version="1.0" encoding="UTF-8"?>\n<a>\n  <b/>\n</a>\n\n');
  });
  it('wraps what was found, or nothing', async () => {
    expect(await select('//name|//target', true)).toBe('<nodes>\n  <name>a &lt; "b"</name>\n  <target type="lxc" port="0"/>\n</nodes>\n');
    expect(await select('//@type', true)).toBe('<nodes type="lxc"/>\n');
    expect(await select('//nothing', true)).toBe('<nodes/>\n');
    expect(await select('//nothing')).toBe('');
  });
  it('refuses malformed expressions and bare values', async () => {
    await expect(select('//[')).rejects.toThrow('XPath error : Invalid expression');
    await expect(select('//k:one')).rejects.toThrow('XPath error : Undefined namespace prefix');
    await expect(select('count(//name)')).rejects.toThrow("internal error: Incorrect xpath 'count(//name)'");
  });
});

import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandStore, type TempStore } from '../../../helpers/temp-store.ts';

const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  ({ store, transcriptOf } = await commandStore({
    'n.xml': `<network><name>n</name><uuid>${UUID}</uuid><forward mode='bridge'/><bridge name='b'/></network>`,
  }));
  expect((await transcriptOf(`net-define ${store.at('n.xml')}`)).errors).toEqual([]);
});
afterEach(() => store.remove());

describe('commands about a network', () => {
  it.each([
    ['net-autostart', `Network ${UUID} marked as autostarted\n\n`],
    ['net-autostart --disable', `Network ${UUID} unmarked as autostarted\n\n`],
    ['net-undefine', `Network ${UUID} has been undefined\n\n`],
  ])('call it as they were told to: %s', async (command, output) => {
    expect(await transcriptOf(`${command} ${UUID}`, { quiet: false })).toEqual({ ok: true, output, errors: [] });
  });

  it.each(['net-port-dumpxml', 'net-port-delete'])('%s tells one line of what is not there, and counts as done', async (command) => {
    expect(await transcriptOf(`${command} n x`)).toEqual({ ok: true, output: '', errors: ["failed to get network port 'x'"] });
    expect(await transcriptOf(`${command} m x`)).toEqual({ ok: true, output: '', errors: ["failed to get network 'm'"] });
  });
});

describe('texts and elements of a network', () => {
  const said = async (line: string) => await transcriptOf(line, { quiet: false });
  const done = (output: string) => ({ ok: true, output: `${output}\n`, errors: [] });

  it('net-desc shows and changes description and title', async () => {
    expect(await said('net-desc n')).toEqual(done('No description for network: n'));
    expect(await said('net-desc n --title')).toEqual(done('No title for network: n'));
    expect(await said(`net-desc ${UUID} --title a < b`)).toEqual(done('Network title updated successfully'));
    expect(await said('net-desc n --config two words')).toEqual(done('Network description updated successfully'));
    expect(await said('net-desc n --title --config')).toEqual(done('a < b'));
    expect((await transcriptOf('net-dumpxml n')).output).toContain(
      `  <uuid>${UUID}</uuid>\n  <title>a &lt; b</title>\n  <description>two words</description>\n  <forward`,
    );
    expect((await said('net-list --all --title')).output).toBe(
      ' Name   State      Autostart   Persistent   Title\n---------------------------------------------------\n n      inactive   no          yes          a < b\n\n',
    );
    expect((await transcriptOf('net-list --all --title')).output).toBe(' n   inactive   no   yes   a < b\n');
    expect(await said("net-desc n --title ''")).toEqual(done('Network title updated successfully'));
    expect((await transcriptOf('net-dumpxml n')).output).not.toContain('<title>');
  });

  it('net-desc tells what it cannot change', async () => {
    const failed = async (line: string) => (await transcriptOf(line)).errors;
    expect(await failed("net-desc n --title 'a\nb'")).toEqual(['Failed to set new network title', "metadata title can't contain newlines"]);
    expect(await failed('net-desc n --live x')).toEqual(['Requested operation is not valid: network is not running']);
    expect(await failed('net-desc n --current --live')).toEqual(['Options --current and --live are mutually exclusive']);
  });

  it('net-metadata keeps an element for each application', async () => {
    expect((await transcriptOf('net-metadata n urn:a')).errors).toEqual(['metadata not found: Requested metadata element is not present']);
    expect((await transcriptOf('net-metadata n urn:a --set <a/>')).errors).toEqual(['namespace key is required when modifying metadata']);
    expect(await said('net-metadata n urn:a --key k --set <a><b/></a>')).toEqual(done('Metadata modified\n'));
    expect(await said('net-metadata n urn:a')).toEqual(done('<a>\n  <b/>\n</a>\n'));
    expect((await transcriptOf('net-dumpxml n')).output).toContain('  <metadata>\n    <k:a xmlns:k="urn:a">');
    expect(await said('net-metadata n urn:a --remove')).toEqual(done('Metadata removed\n'));
    expect((await transcriptOf('net-metadata n urn:a')).ok).toBe(false);
  });

  it('net-event knows their event, where there is more than libvirt 9.0 has', async () => {
    expect((await transcriptOf('net-event --list')).output).toBe('lifecycle\nmetadata-change\n');
    fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
    expect((await transcriptOf('net-event --list')).output).toBe('lifecycle\n');
  });

  it('a host that is to do no more than libvirt 9.0 drops them from a document', async () => {
    const file = store.at('m.xml');
    fs.writeFileSync(file, '<network><name>m</name><title>a</title><description>b</description></network>');
    fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
    expect((await transcriptOf(`net-define ${file}`)).ok).toBe(true);
    expect((await transcriptOf('net-dumpxml m')).output).not.toMatch(/title|description/);
  });

  it('a title has one line, in a document too', async () => {
    const file = store.at('m.xml');
    fs.writeFileSync(file, '<network><name>m</name><title>a\nb</title></network>');
    expect((await transcriptOf(`net-define ${file}`)).errors[1]).toBe("XML error: Network title can't contain newlines");
  });
});

describe('net-update', () => {
  const update = async (section: string, xml: string) => await transcriptOf(`net-update n add ${section} "${xml}" --config`);
  it('accepts what net-define would not, as libvirt does', async () => {
    expect(await update('dns-txt', "<txt name='a' value='b'/>")).toMatchObject({ ok: true });
    expect((await transcriptOf('net-dumpxml n')).output).toContain("<txt name='a' value='b'/>");
  });
  it('refuses what could not be read again, and changes nothing', async () => {
    const before = await transcriptOf('net-dumpxml n');
    expect((await update('forward-interface', "<interface dev='e'/>")).errors).toEqual([
      'Failed to update network n',
      "XML error: A network with forward mode='bridge' can specify a bridge name or a forward dev, but not both (network 'n')",
    ]);
    expect(await transcriptOf('net-dumpxml n')).toEqual(before);
  });
  it('names malformed XML as libvirt does', async () => {
    expect((await update('ip-dhcp-host', '<host')).errors[1]).toMatch(/^network_update_xml:1: /);
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempStore, tempStore } from '../../../helpers/temp-store.ts';

const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  store = tempStore();
  ({ transcriptOf } = await import('../../../helpers/recorded-session.ts'));
  const file = store.at('n.xml');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `<network><name>n</name><uuid>${UUID}</uuid><forward mode='bridge'/><bridge name='b'/></network>`);
  expect((await transcriptOf(`net-define ${file}`)).errors).toEqual([]);
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

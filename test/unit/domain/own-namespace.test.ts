import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { validateDomain } from '../../../src/domain/schema.ts';

const HOST = {
  arch: 'x86_64',
  emulator: '/usr/libexec/libvirt_lxc',
  randomUuid: () => '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5',
  randomMac: () => '',
};
const xml = (element: string) =>
  `<domain type='lxc' xmlns:o='urn:virsh-lxc:domain:1.0'><name>a</name><memory>1024</memory><os><type>exe</type><init>/sbin/init</init></os>` +
  `<devices><console type='pty'/></devices>${element}</domain>`;

describe('elements of our own namespace', () => {
  it('are kept, printed and valid, whatever their prefix', () => {
    const document = xml('<o:host-view/><o:controlling-terminal/><o:host-root/>');
    const definition = parseDomain(document, HOST);
    expect(definition).toMatchObject({ hostRoot: true, controllingTerminal: true, hostView: true });
    const printed = formatDomain(definition, { live: false });
    expect(printed).toContain("<domain type='lxc' xmlns:virsh-lxc='urn:virsh-lxc:domain:1.0'>");
    expect(printed).toContain('  <virsh-lxc:host-root/>\n  <virsh-lxc:controlling-terminal/>\n  <virsh-lxc:host-view/>\n</domain>');
    expect(parseDomain(printed, HOST)).toEqual(definition);
    expect(() => validateDomain(document)).not.toThrow();
  });

  it('are not printed where there are none', () => {
    expect(formatDomain(parseDomain(xml(''), HOST), { live: false })).not.toContain('virsh-lxc');
  });

  it('say how far the domain is contained', () => {
    const document = xml("<o:security level='strict' pids='100'/>");
    const definition = parseDomain(document, HOST);
    expect(definition.security).toEqual({ level: 'strict', maxPids: 100 });
    expect(formatDomain(definition, { live: false })).toContain("  <virsh-lxc:security level='strict' pids='100'/>\n</domain>");
    expect(() => validateDomain(document)).not.toThrow();
    expect(() => parseDomain(xml("<o:security level='tight'/>"), HOST)).toThrow("Invalid value for attribute 'level'");
    expect(() => parseDomain(xml("<o:security pids='many'/>"), HOST)).toThrow("Invalid value for attribute 'pids'");
  });

  it('are refused where nobody knows them', () => {
    expect(() => parseDomain(xml('<o:hostroot/>'), HOST)).toThrow("unknown element 'hostroot' of namespace urn:virsh-lxc:domain:1.0");
  });
});

// What dominfo tells of a domain's containment: people at a terminal, after libvirt's lines, which are all that a script reads.
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('dominfo', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const OWN = ['Containment:', 'System calls:', 'Label:', 'Ids:'];

  const shown = async (...args: string[]): Promise<string> => {
    const terminal = onTerminal(virsh, ...args);
    expect(await terminal.ended()).toBe(0);
    return terminal.shown().replaceAll('\r', '');
  };
  /** Without what changes from one look to the next. */
  const steady = (text: string) => text.replace(/^(CPU time|Used memory):.*$/gm, '');

  it.each(['libvirt', 'default'])('tells of containment at level %s after what it tells scripts', async (level) => {
    const name = virsh.boot({ more: `<o:security xmlns:o='urn:virsh-lxc:domain:1.0' level='${level}'/>` });
    const piped = steady(virsh.ok('dominfo', name));
    expect(piped).not.toContain('Containment:');
    const seen = steady(await shown('dominfo', name));
    expect(seen.startsWith(piped.trimEnd())).toBe(true);
    const own = seen.slice(piped.trimEnd().length).trim().split('\n');
    expect(own.map((line) => line.slice(0, 16).trim())).toEqual(OWN);
    expect(own[0]).toBe(`Containment:    ${level}`);
    expect(own[1]).toMatch(level === 'libvirt' ? /none refused$/ : /\d+ refused/);
  });

  it('tells no more than libvirt with -q', async () => {
    const name = virsh.define();
    expect((await shown('-q', 'dominfo', name)).trimEnd()).toBe(virsh.ok('-q', 'dominfo', name).trimEnd());
  });

  it('tells of a domain that is off what it will be kept from', async () => {
    const name = virsh.define({ more: "<o:security xmlns:o='urn:virsh-lxc:domain:1.0' level='strict'/>" });
    expect(await shown('dominfo', name)).toMatch(/^Containment: {4}strict\n[\s\S]*^Ids: {12}chosen at each start$/m);
  });
});

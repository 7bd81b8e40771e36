import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tellAbout } from '../../../src/virsh/about.ts';
import { commandTable } from '../../../src/virsh/registry.ts';
import { LIBVIRT_VERSION, PROGRAM_VERSION } from '../../../src/virsh/version.ts';

const read = (name: string) => fs.readFileSync(path.join(import.meta.dirname, '../../..', name), 'utf8');

const told = (about: Parameters<typeof tellAbout>[0]): string[] => {
  const lines: string[] = [];
  tellAbout(about, { table: commandTable, print: (text) => void lines.push(text) });
  return lines.join('').split('\n');
};

describe('the versions', () => {
  it('of the program are one: in package.json, the changelog, the manual and the program', () => {
    expect(JSON.parse(read('package.json')).version).toBe(PROGRAM_VERSION);
    expect(read('src/debian/changelog')).toMatch(`virsh-lxc (${PROGRAM_VERSION}) `);
    expect(read('man/virsh-lxc.1')).toContain(`"virsh-lxc ${PROGRAM_VERSION}"`);
  });
  it('are both told by -V, libvirt’s where virsh has it', () => {
    const [first, second] = told('long-version');
    expect([first, second]).toEqual([
      `Virsh command line tool of libvirt ${LIBVIRT_VERSION}`,
      `virsh-lxc ${PROGRAM_VERSION}: libvirt's LXC driver without a daemon`,
    ]);
  });
  it('for scripts are libvirt’s alone', () => {
    expect(told('version')).toEqual([LIBVIRT_VERSION, '']);
  });
});

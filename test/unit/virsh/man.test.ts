// The manual page and the program say the same, in both directions.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandNotes, documented, manualPage } from '../../../src/virsh/man.ts';
import { commandTable } from '../../../src/virsh/registry.ts';
import { GLOBAL_OPTIONS } from '../../../src/virsh/settings.ts';
import { shownGroups, visibleCommands } from '../../../src/vsh/help.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (name: string): string => fs.readFileSync(path.join(ROOT, name), 'utf8');

const sources = {
  table: commandTable,
  globalOptions: GLOBAL_OPTIONS,
  version: (JSON.parse(read('package.json')) as { version: string }).version,
  page: read('man/prose/page.roff'),
  commands: read('man/prose/commands.roff'),
};

/** The page without roff's escapes of characters and fonts. */
const plain = (roff: string): string =>
  roff
    .replace(/\\f[BIR]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\(aq', "'");

const page = plain(manualPage(sources));

/** Texts between headings, by heading. */
function sections(text: string, request: 'SH' | 'SS'): Map<string, string> {
  const [, ...parts] = text.split(new RegExp(`^\\.${request} `, 'm'));
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end).replaceAll('"', ''), part.slice(end + 1)];
    }),
  );
}

const commandSections = new Map(
  [...sections(page, 'SH')].filter(([title]) => title.startsWith('COMMANDS: ')).flatMap(([, text]) => [...sections(text, 'SS')]),
);

describe('man/virsh-lxc.1', () => {
  it('is what the generator makes of the table and the prose (node src/build/man.mjs)', () => {
    expect(read('man/virsh-lxc.1') === manualPage(sources)).toBe(true);
  });

  it('has a section for every command that help lists, in its order, and for nothing else', () => {
    expect([...commandSections.keys()]).toEqual(documented(commandTable).map(({ name }) => name));
    const refused = sections(page, 'SH').get('COMMANDS THAT CONTAINERS DO NOT HAVE') ?? '';
    const names = new Set(refused.split(/[\s,.]+/));
    const visible = shownGroups(commandTable)
      .flatMap(visibleCommands)
      .map(({ name }) => name);
    expect(visible.filter((name) => !commandSections.has(name) && !names.has(name))).toEqual([]);
  });

  it('names every option of a command in its section, and no other', () => {
    for (const { name, options } of documented(commandTable)) {
      const [facts = ''] = (commandSections.get(name) ?? '').split(plain(commandNotes(sources.commands).get(name) ?? '\0'));
      const heads = [...facts.matchAll(/^\.TP\n(.*)$/gm)].map(([, head]) => head!);
      const shown = heads.map((head) => /--([\w-]+)/.exec(head)?.[1] ?? /^(\w+)$/.exec(head)?.[1]);
      expect([name, shown]).toEqual([name, options.map((option) => option.name)]);
    }
  });

  it('explains only what a command has, wherever an option of it is named', () => {
    const all = new Set(
      shownGroups(commandTable).flatMap(({ commands }) => commands.flatMap(({ options }) => options.map(({ name }) => name))),
    );
    for (const { long } of GLOBAL_OPTIONS) if (long) all.add(long);
    // Of other programs, too: auvirt(8), mmdebstrap(1), tar(1), virsh-lxc-rpc, virt-install(1), virt-clone(1), an exporter's.
    for (const known of [
      'socket',
      'all-events',
      'help',
      'name',
      'internal-on-exit',
      'list',
      'variant',
      'include',
      'numeric-owner',
      'acls',
      'xattrs',
      'container',
      'init',
      'noautoconsole',
      'original',
      'auto-clone',
      'libvirt',
    ])
      all.add(known);
    const named = [...page.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, name]) => name!);
    expect([...new Set(named.filter((name) => !all.has(name)))]).toEqual([]);
  });

  it('names every global option', () => {
    const text = sections(page, 'SH').get('GLOBAL OPTIONS') ?? '';
    const heads = [...text.matchAll(/^\.TP\n(.*)$/gm)].map(([, head]) => head!);
    expect(heads.map((head) => head[1])).toEqual(GLOBAL_OPTIONS.map(({ letter = '-' }) => letter));
  });

  it('has prose about commands that there are, each once', () => {
    const names = [...sources.commands.matchAll(/^\.\\" command: (.*)$/gm)].map(([, name]) => name!);
    expect(names).toEqual([...commandNotes(sources.commands).keys()]);
    expect(() => manualPage({ ...sources, commands: '.\\" command: frobnicate\n' })).toThrow(RangeError);
    expect(() => manualPage({ ...sources, page: '.\\" insert: nothing\n' })).toThrow(RangeError);
  });

  it('names every environment variable that the program reads', () => {
    const text = sections(page, 'SH').get('ENVIRONMENT') ?? '';
    const code = fs
      .readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(`src/${name}`));
    const used = code.flatMap((file) => [...file.matchAll(/(?:process\.env|environment)\['(\w+)'\]/g)].map(([, name]) => name!));
    expect([...new Set(used)].filter((name) => !text.includes(name))).toEqual([]);
  });

  it('takes nothing of a help text for a request', () => {
    const strange = { ...commandTable.find('list')!, description: ".start\n'so \\x -- a-b", options: [], rules: [] };
    const table = { ...commandTable, groups: [{ name: 'One', keyword: 'one', commands: [strange] }], laterGroups: () => [] };
    const made = manualPage({ ...sources, table, page: '.\\" insert: commands\n', commands: '' });
    expect(made.split('\n').slice(2)).toEqual([
      '.SH "COMMANDS: ONE"',
      '.SS list',
      '.SY list',
      '.YS',
      '.PP',
      '\\&.start',
      '.PP',
      '\\(aqso \\ex \\-\\- a\\-b',
      '',
    ]);
  });
});

describe('man/libvirt_lxc.8', () => {
  it('explains the options that the controller has', () => {
    const [, options] = /static const struct option options\[\] = \{(.*?)\};/s.exec(read('lib-native/controller/main.c'))!;
    const names = [...options!.matchAll(/\{ "([\w-]+)"/g)].map(([, name]) => name!).sort();
    const text = sections(plain(read('man/libvirt_lxc.8')), 'SH').get('OPTIONS') ?? '';
    const shown = [...text.matchAll(/^\.TP\n\.BI? --([\w-]+)/gm)].map(([, name]) => name!).sort();
    expect(shown).toEqual(names);
  });
});

describe('man/virt-top.1', () => {
  it('explains the options that the program has', () => {
    const source = read('src/virt-top/options.ts');
    const names = [...source.matchAll(/\.option\('([\w-]+)', \{(?: alias: '([\w-]+)')?/g)].flatMap(([, name, alias]) =>
      alias ? [name!, alias] : [name!],
    );
    const text = sections(plain(read('man/virt-top.1')), 'SH').get('OPTIONS') ?? '';
    const shown = [...text.matchAll(/^\.(?:B|BI|BR) .*$/gm)].flatMap(([line]) =>
      [...line.matchAll(/(?<![\w-])--?([\w-]+)/g)].map(([, name]) => name!),
    );
    expect([...new Set(shown)].sort()).toEqual([...names, 'help'].sort());
  });
});

const groff = spawnSync('groff', ['--version']).status === 0;

describe.skipIf(!groff)(groff ? 'groff' : 'groff (skipped: not installed)', () => {
  it.each(['virsh-lxc.1', 'virsh-lxc-cluster.7', 'virt-host-validate.1', 'virt-top.1', 'libvirt_lxc.8'])(
    'formats %s without a warning',
    (name) => {
      const { status, stderr } = spawnSync('groff', ['-t', '-man', '-Tutf8', '-ww', path.join(ROOT, 'man', name)], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    },
  );
});

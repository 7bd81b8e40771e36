// Who may import whom (src/README.md). Types count too, and so do imports that are made late.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** From the ground up; each may import those before it. */
const ROOMS = [...fs.readFileSync(path.join(ROOT, 'src/README.md'), 'utf8').matchAll(/^\| `((?:src|lib-native)[^`]*)` \|/gm)].map(
  ([, room]) => room!,
);

/** What is wrapped for all the others in one place: a directory or a file. Packages that are not named here are none of ours. */
const PACKAGES: Record<string, readonly string[]> = {
  koffi: ['lib-native/koffi.ts'],
  chalk: ['src/vsh/output.ts', 'src/virt-top/run-screen.ts'],
  yargs: ['src/virt-top/options.ts'],
  execa: ['src/virsh/remote.ts'],
  xpath: ['src/virsh/commands/xpath-engine.ts'],
};

/** All that the generic shell knows: it is told the rest by the program. */
const OF_THE_SHELL = ['src/errors.ts', 'src/values/', 'src/host/terminal.ts', 'src/vsh/'];

const REGISTRY = 'src/virsh/registry.ts';

const PURE_SECURITY = ['src/security/seccomp/', 'src/security/paths.ts', 'src/security/capabilities.ts', 'src/security/containment.ts'];
/** Computes from what it is handed: no files, processes, clock, environment. */
const PURE = ['src/errors.ts', 'src/values/', 'src/xml/', 'src/domain/', 'src/network/', 'src/container/plan/', ...PURE_SECURITY];
/** lib-native's data; the rest of it is the kernel. */
const DATA = ['lib-native/constants.ts', 'lib-native/plan-encoding.ts'];

interface Import {
  from: string;
  /** A file of ours by its path from the root, or the name of a package. */
  to: string;
  isType: boolean;
  isLate: boolean;
}

const sourceFiles = ['src', 'lib-native'].flatMap((directory) =>
  fs
    .readdirSync(path.join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(directory, name)),
);

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const LATE = /(typeof\s+)?\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(file: string): Import[] {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const target = (name: string): string => (name.startsWith('.') ? path.join(path.dirname(file), name) : name);
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, name]) => ({
      from: file,
      to: target(name!),
      isType: type !== undefined,
      isLate: false,
    })),
    ...[...text.matchAll(LATE)].map(([, type, name]) => ({ from: file, to: target(name!), isType: type !== undefined, isLate: true })),
  ];
}

const imports = sourceFiles.flatMap(importsOf);
const isOurs = ({ to }: Import): boolean => /^(src|lib-native)\//.test(to);
const isIn = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));
const arrow = ({ from, to }: Import): string => `${from} -> ${to}`;

const roomOf = (file: string): number => ROOMS.findIndex((room) => isIn(file, [room]));

describe('imports', () => {
  it('are found, and each leads to a file that is there', () => {
    expect(imports.length).toBeGreaterThan(sourceFiles.length);
    expect(
      imports
        .filter(isOurs)
        .filter(({ to }) => !sourceFiles.includes(to))
        .map(arrow),
    ).toEqual([]);
    const sample = importsOf('src/driver/domain/start.ts').map(
      ({ to, isType, isLate }) => `${to}${isType ? ' type' : ''}${isLate ? ' late' : ''}`,
    );
    expect(sample).toEqual(expect.arrayContaining(['src/domain/definition.ts type', 'src/errors.ts', 'src/container/start.ts']));
  });

  it('are of rooms that the table has', () => {
    expect(ROOMS.length).toBeGreaterThan(10);
    expect(sourceFiles.filter((file) => roomOf(file) < 0)).toEqual([]);
  });

  it('go up in the table only', () => {
    const wrong = imports.filter(isOurs).filter(({ from, to }) => roomOf(to) > roomOf(from));
    expect(wrong.map(arrow)).toEqual([]);
  });

  it('of the generic shell know no command, domain or driver', () => {
    const wrong = imports.filter(isOurs).filter(({ from, to }) => isIn(from, ['src/vsh/']) && !isIn(to, OF_THE_SHELL));
    expect(wrong.map(arrow)).toEqual([]);
  });

  it('of commands are made by the registry alone', () => {
    const wrong = imports.filter(({ from, to }) => !isIn(from, ['src/virsh/commands/', REGISTRY]) && isIn(to, ['src/virsh/commands/']));
    expect(wrong.map(arrow)).toEqual([]);
  });

  it('make no circle', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, isType } of imports.filter(isOurs)) if (!isType) edges.set(from, [...(edges.get(from) ?? []), to]);
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, way: string[]): void => {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' -> '));
      if (way.includes(file) || done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...way, file]);
      done.add(file);
    };
    for (const file of sourceFiles) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('of what writes down a change of state are made by the table of all such changes', () => {
    const TABLE = 'src/container/lifecycle.ts';
    /** By what they write; and who does so for other reasons than a change of a domain's state. */
    const WRITERS: Record<string, readonly string[]> = {
      removeStatus: [],
      writeStatus: ['src/store/domain-documents.ts'],
      saveStatus: ['src/driver/domain/change.ts'], // another definition, the same state
      writeEnd: [],
      removeEnd: [],
      writeKill: [],
      recordEvent: ['src/driver/domain/change.ts', 'src/driver/domain/metadata.ts'], // of devices and texts: the same state
      runHooks: ['src/bridge/hooks.ts'], // of networks
    };
    const importers = (name: string) =>
      sourceFiles.filter((file) => new RegExp(`^import \\{[^}]*\\b${name}\\b`, 'm').test(fs.readFileSync(path.join(ROOT, file), 'utf8')));
    for (const [name, others] of Object.entries(WRITERS))
      expect([name, importers(name)]).toEqual([name, [...(name === 'writeStatus' ? [] : [TABLE]), ...others].sort()]);
  });

  it('of packages are made where they are wrapped', () => {
    const wrong = imports.filter((one) => !isOurs(one) && !one.to.startsWith('node:') && !isIn(one.from, PACKAGES[one.to] ?? []));
    expect(wrong.map(arrow)).toEqual([]);
    for (const [name, places] of Object.entries(PACKAGES))
      for (const place of places) expect(imports.filter(({ from, to }) => from === place && to === name)).toHaveLength(1);
  });

  it('of what only computes reach nothing that does more', () => {
    const wrong = imports.filter(({ from, to, isType }) => {
      if (isType || !isIn(from, PURE)) return false;
      const computes = isIn(to, [...PURE, ...DATA]);
      return !computes;
    });
    expect(wrong.map(arrow)).toEqual([]);
  });
});

describe('what only computes', () => {
  it('reads no clock, environment or chance', () => {
    const READS = /\b(process\.|Date\.now|new Date\(\)|Math\.random|randomUUID\(|performance\.now|require\()/;
    const files = sourceFiles.filter((file) => isIn(file, PURE));
    const code = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(files.length).toBeGreaterThan(20);
    expect(files.map((file) => [file, READS.exec(code(file))?.[0]]).filter(([, read]) => read)).toEqual([]);
  });
});

// What package.json lists is used, and by whom it is used is known.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const listed = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>;

/** Programs, types and runtimes: no file imports them. */
const TOOLS = ['@biomejs/biome', '@oven/bun-linux-x64-baseline', '@types/node', 'bun', 'typescript'];

const files = ['src', 'lib-native', 'test'].flatMap((directory) =>
  fs
    .readdirSync(path.join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[mc]?[jt]s$/.test(name))
    .map((name) => path.join(ROOT, directory, name)),
);
const imported = new Set(
  files.flatMap((file) =>
    [...fs.readFileSync(file, 'utf8').matchAll(/\b(?:from |import\()'((?:@[^'/]+\/)?[^'/]+)/g)].map(([, name]) => name),
  ),
);

it('a package is listed if a file imports it, or it is a tool', () => {
  const packages = Object.keys({ ...listed['dependencies'], ...listed['devDependencies'] });
  expect(packages.filter((name) => !TOOLS.includes(name) && !imported.has(name))).toEqual([]);
  expect(TOOLS.filter((name) => !packages.includes(name))).toEqual([]);
});

it('every unit that can be enabled is known to the package’s scripts', () => {
  const read = (file: string) => fs.readFileSync(path.join(ROOT, 'src', file), 'utf8');
  const units = fs
    .readdirSync(path.join(ROOT, 'src/systemd'))
    .filter((name) => !name.includes('@') && /^\[Install\]$/m.test(read(`systemd/${name}`)));
  expect(units.length).toBeGreaterThan(3);
  for (const script of ['postinst', 'postrm'])
    expect(
      /^units='(.*)'$/m
        .exec(read(`debian/${script}`))![1]!
        .split(' ')
        .sort(),
    ).toEqual(units.sort());
});

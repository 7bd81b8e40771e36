// Writes man/virsh-lxc.1 from the table of commands and man/prose. `node src/build/man.mjs` does only this.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const ENTRY = `
export { commandTable } from './src/cli/full-table.ts';
export { manualPage } from './src/cli/man.ts';
export { GLOBAL_OPTIONS } from './src/cli/settings.ts';
`;

/** The page needs the commands' definitions; what they load when they run is left out. */
const definitionsOnly = {
  name: 'definitions-only',
  setup(bundler) {
    bundler.onResolve({ filter: /./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

/** Writes the page if it is another one than is there. */
export async function buildManual() {
  const bundle = await build({
    stdin: { contents: ENTRY, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    logOverride: { 'empty-import-meta': 'silent' },
    plugins: [definitionsOnly],
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', bundle.outputFiles[0].text)(
    module,
    module.exports,
    createRequire(join(root, 'package.json')),
  );
  const { commandTable, GLOBAL_OPTIONS, manualPage } = module.exports;
  const read = (name) => readFileSync(join(root, name), 'utf8');
  const page = manualPage({
    table: commandTable,
    globalOptions: GLOBAL_OPTIONS,
    version: JSON.parse(read('package.json')).version,
    page: read('man/prose/page.roff'),
    commands: read('man/prose/commands.roff'),
  });
  const target = join(root, 'man/virsh-lxc.1');
  if (!existsSync(target) || readFileSync(target, 'utf8') !== page) writeFileSync(target, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildManual();

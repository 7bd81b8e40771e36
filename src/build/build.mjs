// Builds dist/: the command as one file (virsh-lxc.cjs) with its code cache, the controller, the native library's file.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildManual } from './man.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const dist = join(root, 'dist');
const platform = `linux-${process.arch}`;

/** Modules that few commands need and that are large: each becomes a file of its own beside the bundle. They share nothing with it. */
const APART = { 'src/commands/xpath-engine.ts': 'xpath-engine' };

const keepApart = {
  name: 'keep-apart',
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, (args) => {
      const name = APART[relative(root, join(args.resolveDir, args.path))];
      return name && args.kind === 'dynamic-import' ? { path: `./${name}.cjs`, external: true } : undefined;
    });
    // xmlbuilder2 can write YAML; nothing here asks it to.
    bundler.onResolve({ filter: /^js-yaml$/ }, () => ({ path: 'js-yaml', namespace: 'unused' }));
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'export {}' }));
  },
};

/**
 * Imports of node's own modules, made once. Left alone, esbuild copies every property of such a module for each file that
 * imports it, which is 3 ms of a command's start.
 */
const leanBuiltins = {
  name: 'lean-builtins',
  setup(bundler) {
    const names = importedNames();
    bundler.onResolve({ filter: /^node:/ }, (args) => {
      if (args.namespace === 'builtin') return { path: args.path, external: true };
      return args.kind === 'import-statement' && names.has(args.path) ? { path: args.path, namespace: 'builtin' } : undefined;
    });
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `const all = ${path === 'node:process' ? 'process' : `require('${path}')`}; export default all; export const { ${[...names.get(path)].join(', ')} } = all;`,
    }));
  },
};

/** Which names our sources import from each of node's modules. */
function importedNames() {
  const names = new Map();
  for (const file of ['src', 'lib-native'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(root, folder, name)),
  )) {
    if (!file.endsWith('.ts')) continue;
    for (const [, list = '', module] of readFileSync(file, 'utf8').matchAll(/^import (?:\w+|\{([^}]*)\}) from '(node:[\w/]+)'/gm)) {
      const known = names.get(module) ?? new Set();
      for (const item of list.split(',').map((text) => text.trim()))
        if (item && !item.startsWith('type ')) known.add(item.split(' as ')[0]);
      names.set(module, known);
    }
  }
  return names;
}

/**
 * The kinds of command that have a bundle of their own, as bin/virsh-lxc knows them, in the order in which their code caches
 * are made: reading the bundle of everything and its cache takes longer than most of them take to run. `has`: the modules
 * that the entry loads late in this bundle; `warm`: commands whose code goes into the cache, each run in turn, which start
 * a container where the build may (as root) and where it may not are compiled as far as they come.
 */
const KINDS = {
  define: { has: ['commands/domain/define', 'commands/domain/undefine'], warm: [['define', 'warm-up.xml']] },
  // It cannot be called but by a controller; it does what these two do.
  aftermath: {
    has: ['driver/aftermath', 'commands/domain/start', 'commands/domain/stop'],
    warm: [
      ['start', 'warm-up'],
      ['destroy', 'warm-up'],
    ],
  },
  start: { has: ['commands/domain/start', 'commands/domain/create'], warm: [['start', 'warm-up']] },
  list: {
    has: ['commands/monitor/list', 'commands/monitor/domstate', 'commands/domain/names'],
    warm: [['list'], ['list', '--all'], ['domstate', 'warm-up', '--reason'], ['domid', 'warm-up'], ['domuuid', 'warm-up']],
  },
  read: {
    has: ['commands/monitor/dominfo', 'commands/domain/dumpxml'],
    warm: [
      ['dumpxml', 'warm-up'],
      ['dumpxml', 'warm-up', '--inactive'],
      ['dominfo', 'warm-up'],
    ],
  },
  enter: { has: ['commands/domain/lxc-enter-namespace'], warm: [['lxc-enter-namespace', 'warm-up', '--', '/bin/true']] },
  reboot: { has: ['commands/domain/reboot'], warm: [['reboot', 'warm-up']] },
  destroy: {
    has: ['commands/domain/stop'],
    warm: [
      ['shutdown', 'warm-up'],
      ['destroy', 'warm-up'],
    ],
  },
  'virsh-lxc': {
    has: undefined,
    warm: [['--version'], ['start', 'warm-up'], ['console', 'warm-up'], ['destroy', 'warm-up'], ['undefine', 'warm-up']],
  },
};

/** Leaves out what commands of other kinds need: all that the entry and the registry load late, but for `has`. */
const only = (has) => ({
  name: 'only',
  setup(bundler) {
    const entry = ['src/cli/main.ts', 'src/cli/registry.ts'];
    const always = ['cli/output', 'cli/debug-log'];
    bundler.onResolve({ filter: /^\./ }, (args) => {
      if (args.kind !== 'dynamic-import' || !entry.includes(relative(root, args.importer))) return undefined;
      const name = relative(join(root, 'src'), join(args.resolveDir, args.path)).replace(/\.ts$/, '');
      return [...always, ...has].includes(name) ? undefined : { path: name, namespace: 'left-out' };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error('${path} is not in this bundle')`,
    }));
  },
});

const COMMON = {
  absWorkingDir: root,
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // import() of a builtin becomes a late require: a script made by vm.Script has no import().
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  minify: true,
  external: ['koffi'],
  // Those that ask for it have __filename to go by in the bundle.
  logOverride: { 'empty-import-meta': 'silent' },
  logLevel: 'warning',
};

/** Around a bundle, as Node has it around a CommonJS module; added by the launcher, it would cost a copy of the whole text. */
const WRAPPER = { banner: { js: '(function (exports, require, module, __filename, __dirname) {' }, footer: { js: '})' } };

/** CommonJS modules in their wrappers; modules that are imported dynamically run when they are first imported. */
async function buildBundles() {
  for (const name of readdirSync(dist)) if (/\.(cjs|cache)$/.test(name) && !(name.replace(/\.\w+$/, '') in KINDS)) rmSync(join(dist, name));
  const plugins = [keepApart, leanBuiltins];
  const apart = Object.entries(APART).map(([source, name]) => ({ in: source, out: name }));
  await build({ ...COMMON, entryPoints: apart, plugins });
  for (const [kind, { has }] of Object.entries(KINDS)) {
    const entryPoints = [{ in: 'src/cli/main.ts', out: kind }];
    await build({ ...COMMON, ...WRAPPER, entryPoints, plugins: has ? [only(has), ...plugins] : plugins });
  }
}

const WARM_UP_XML = `<domain type='lxc'>
  <name>warm-up</name>
  <memory unit='KiB'>65536</memory>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>trap exit HUP; while :; do sleep 60 &amp; wait; done</initarg></os>
  <on_poweroff>restart</on_poweroff>
  <devices>
    <filesystem type='ram'><source usage='1024'/><target dir='/mnt'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>
`;

/** Node's options in the first line of bin/virsh-lxc: V8 takes a code cache only under the options that it was made with. */
function launcherOptions() {
  const [firstLine] = readFileSync(join(root, 'bin/virsh-lxc'), 'utf8').split('\n');
  return firstLine.split(' node ')[1].split(' ');
}

/** Runs each kind's commands in a process of its own, on a store of their own, and keeps the compiled code. */
function buildCodeCaches() {
  const prefix = join(dist, 'warm-up');
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'warm-up.xml'), WARM_UP_XML);
  const env = { ...process.env, VIRSH_LXC_PREFIX: prefix };
  for (const [kind, { warm }] of Object.entries(KINDS)) {
    const files = [join(root, 'src/build/code-cache.cjs'), join(dist, `${kind}.cjs`), join(dist, `${kind}.cache`)];
    const child = spawnSync(process.execPath, [...launcherOptions(), ...files, JSON.stringify(warm)], {
      env,
      cwd: prefix,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (child.status !== 0) throw new Error(`the code cache of '${kind}' could not be made: ${child.stderr}`);
  }
  rmSync(prefix, { recursive: true, force: true });
}

/** Compilers by Node's name of the architecture; `cc` is this machine's own. */
const CROSS_COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };

/** Compiles the controller for this machine, and for the others whose cross compiler is installed (Debian: gcc-aarch64-linux-gnu). */
export function buildControllers() {
  buildController(process.arch, 'cc');
  for (const [arch, compiler] of Object.entries(CROSS_COMPILERS)) {
    if (arch !== process.arch && spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0) buildController(arch, compiler);
  }
}

/** Compiles lib-native/controller/*.c to dist/linux-ARCH/libvirt_lxc unless that is newer. */
function buildController(arch, compiler) {
  const sources = join(root, 'lib-native/controller');
  const files = readdirSync(sources);
  const target = join(dist, `linux-${arch}`, 'libvirt_lxc');
  const inputs = files.filter((name) => /\.[ch]$/.test(name)).map((name) => join(sources, name));
  if (existsSync(target) && inputs.every((input) => statSync(input).mtimeMs <= statSync(target).mtimeMs)) return;
  mkdirSync(dirname(target), { recursive: true });
  const flags = ['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];
  execFileSync(compiler, [...flags, '-o', target, ...inputs.filter((name) => name.endsWith('.c'))], { stdio: 'inherit' });
}

/** Puts koffi's native part where the bundle loads it from, by process.dlopen: its JavaScript takes longer to load than all of ours. */
function copyKoffi() {
  const require = createRequire(join(root, 'package.json'));
  const arch = process.arch === 'x64' ? 'linux_x64' : `linux_${process.arch}`;
  const source = [
    () => require.resolve(`@koromix/koffi-linux-${process.arch}/${arch}/koffi.node`),
    () => join(dirname(require.resolve('koffi/package.json')), 'build/koffi', arch, 'koffi.node'),
  ]
    .map((candidate) => attempt(candidate))
    .find((path) => path !== undefined && existsSync(path));
  if (!source) throw new Error(`koffi has no prebuilt library for ${platform}`);
  mkdirSync(join(dist, platform), { recursive: true });
  copyFileSync(source, join(dist, platform, 'koffi.node'));
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

mkdirSync(dist, { recursive: true });
buildControllers();
copyKoffi();
await buildBundles();
buildCodeCaches();
cpSync(join(root, 'src/systemd'), join(dist, 'systemd'), { recursive: true });
await buildManual();

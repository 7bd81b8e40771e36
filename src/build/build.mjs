// Builds dist/: the command as one file (virsh-lxc.cjs) with its code cache, the controller, the native library's file.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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

/** CommonJS files; modules that are imported dynamically run when they are first imported. */
async function buildBundles() {
  const apart = Object.entries(APART).map(([source, name]) => ({ in: source, out: name }));
  await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/cli/main.ts', out: 'virsh-lxc' }, ...apart],
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
    plugins: [keepApart],
    logLevel: 'warning',
  });
}

/**
 * The code caches, by kind of command as bin/virsh-lxc knows them, in the order in which they are made: what the commands of
 * a kind call is compiled into its cache. Those from `aftermath` on start a container where the build may (as root); where
 * it may not, they are compiled as far as they come.
 */
const CACHES = {
  define: [['define', 'warm-up.xml']],
  aftermath: [
    ['start', 'warm-up'],
    ['destroy', 'warm-up'],
  ],
  start: [['start', 'warm-up']],
  read: [['--version'], ['list'], ['list', '--all'], ['domstate', 'warm-up', '--reason'], ['dumpxml', 'warm-up'], ['dominfo', 'warm-up']],
  enter: [['lxc-enter-namespace', 'warm-up', '--', '/bin/true']],
  destroy: [
    ['shutdown', 'warm-up'],
    ['destroy', 'warm-up'],
  ],
};

const WARM_UP_XML = `<domain type='lxc'>
  <name>warm-up</name>
  <memory unit='KiB'>65536</memory>
  <os><type>exe</type><init>/bin/sleep</init><initarg>60</initarg></os>
  <devices>
    <filesystem type='ram'><source usage='1024'/><target dir='/mnt'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>
`;

/** Runs each kind's commands in a process of its own, on a store of their own, and keeps the compiled code. */
function buildCodeCaches() {
  const prefix = join(dist, 'warm-up');
  const caches = join(dist, 'cache');
  rmSync(caches, { recursive: true, force: true });
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(caches);
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'warm-up.xml'), WARM_UP_XML);
  const env = { ...process.env, VIRSH_LXC_PREFIX: prefix };
  for (const [kind, commands] of Object.entries(CACHES)) {
    const args = [join(root, 'src/build/code-cache.cjs'), join(dist, 'virsh-lxc.cjs'), join(caches, kind), JSON.stringify(commands)];
    const child = spawnSync(process.execPath, args, {
      env,
      cwd: prefix,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (child.status !== 0) throw new Error(`the code cache '${kind}' could not be made: ${child.stderr}`);
  }
  rmSync(prefix, { recursive: true, force: true });
}

/** Compiles lib-native/controller/*.c to dist/linux-ARCH/libvirt_lxc unless that is newer. */
export function buildController() {
  const sources = join(root, 'lib-native/controller');
  const files = existsSync(sources) ? readdirSync(sources) : [];
  const units = files.filter((name) => name.endsWith('.c'));
  if (units.length === 0) return;
  const target = join(dist, platform, 'libvirt_lxc');
  const inputs = files.filter((name) => /\.[ch]$/.test(name)).map((name) => join(sources, name));
  if (existsSync(target) && inputs.every((input) => statSync(input).mtimeMs <= statSync(target).mtimeMs)) return;
  mkdirSync(dirname(target), { recursive: true });
  const flags = ['-std=c11', '-O2', '-static', '-Wall', '-Wextra', '-Werror'];
  execFileSync('cc', [...flags, '-o', target, ...units.map((name) => join(sources, name))], { stdio: 'inherit' });
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
buildController();
copyKoffi();
await buildBundles();
buildCodeCaches();

// Builds dist/: the program, its launcher, the controller, koffi's library, the manual page.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const dist = join(root, 'dist');
const modules = join(root, 'node_modules');

/** Bun's packages by Node's name of the architecture, each compiler and runtime in one; x64's runs on processors without AVX2, too. */
const BUN_PACKAGES = { x64: 'bun-linux-x64-baseline', arm64: 'bun-linux-aarch64' };
const bun = join(modules, '@oven', BUN_PACKAGES[process.arch] ?? '', 'bin/bun');

/** Further names of the program, links beside it. */
const NAMES = ['virsh'];

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

/**
 * Commands whose functions lie together in the program, in the order in which they are first called; those that scripts call
 * most come first. They start a container where the build may (as root); where it may not they are ordered as far as they come.
 */
const WARM_UP = [
  ['define', 'warm-up.xml'],
  ['list', '--all'],
  ['start', 'warm-up'],
  ['lxc-enter-namespace', 'warm-up', '--', '/bin/true'],
  ['domstate', 'warm-up', '--reason'],
  ['dumpxml', 'warm-up'],
  ['dominfo', 'warm-up'],
  ['reboot', 'warm-up'],
  ['shutdown', 'warm-up'],
  ['destroy', 'warm-up'],
  ['undefine', 'warm-up'],
];

/** What the launcher starts. It reads no file of the folder that it is run in, as the compiler would have it by default. */
function buildProgram() {
  const target = join(dist, 'virsh-lxc.bin');
  compile(target, []);
  const orders = recordOrders(target);
  compile(target, orders.length > 0 ? [`--bytecode-order=${orders.join(',')}`] : []);
  rmSync(join(dist, 'warm-up'), { recursive: true, force: true });
}

function compile(target, options) {
  const made = `${target}.new`; // the one that is there may be running
  const args = [
    ...['build', '--compile', '--bytecode', '--minify', '--splitting', '--format=esm', ...options],
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', `--compile-executable-path=${bun}`],
    ...['src/virsh/program.ts', '--outfile', made],
  ];
  execFileSync(bun, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(made, target);
}

/** Runs commands on a store of their own; gives the files that say which functions each of them called, in their order. */
function recordOrders(program) {
  const prefix = join(dist, 'warm-up');
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'warm-up.xml'), WARM_UP_XML);
  const orders = WARM_UP.map((words, i) => {
    const order = join(prefix, `${i}.order`);
    const env = { ...process.env, VIRSH_LXC_PREFIX: prefix, BUN_BYTECODE_ORDER_OUT: order, BUN_JSC_useJIT: '0' };
    spawnSync(program, words, { env, cwd: prefix, stdio: 'ignore', timeout: 60_000 });
    return order;
  });
  return orders.filter(existsSync);
}

/** Compilers by Node's name of the architecture; `cc` is this machine's own. */
const CROSS_COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };

/** Compiles what is written in C for this machine, and for the others whose cross compiler is installed (Debian: gcc-aarch64-linux-gnu). */
export function buildNative() {
  const build = (compiler, folder) => {
    compileC(compiler, 'lib-native/controller', join(folder, 'libvirt_lxc'));
    compileC(compiler, 'lib-native/launcher', join(folder, 'virsh-lxc'));
  };
  build('cc', dist);
  for (const [arch, compiler] of Object.entries(CROSS_COMPILERS)) {
    if (arch !== process.arch && spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0) build(compiler, join(dist, arch));
  }
}

/** Compiles the sources in a folder unless the target is newer. */
function compileC(compiler, folder, target) {
  const inputs = readdirSync(join(root, folder))
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => join(root, folder, name));
  if (existsSync(target) && inputs.every((input) => statSync(input).mtimeMs <= statSync(target).mtimeMs)) return;
  mkdirSync(dirname(target), { recursive: true });
  const flags = ['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];
  execFileSync(compiler, [...flags, '-o', target, ...inputs.filter((name) => name.endsWith('.c'))], { stdio: 'inherit' });
}

function copyKoffi() {
  const require = createRequire(join(root, 'package.json'));
  const arch = process.arch === 'x64' ? 'linux_x64' : `linux_${process.arch}`;
  const source = [
    () => require.resolve(`@koromix/koffi-linux-${process.arch}/${arch}/koffi.node`),
    () => join(dirname(require.resolve('koffi/package.json')), 'build/koffi', arch, 'koffi.node'),
  ]
    .map((candidate) => attempt(candidate))
    .find((path) => path !== undefined && existsSync(path));
  if (!source) throw new Error(`koffi has no prebuilt library for linux-${process.arch}`);
  copyFileSync(source, join(dist, 'koffi.node.new'));
  renameSync(join(dist, 'koffi.node.new'), join(dist, 'koffi.node'));
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function linkNames() {
  for (const name of NAMES) {
    rmSync(join(dist, name), { force: true });
    symlinkSync('virsh-lxc', join(dist, name));
  }
}

mkdirSync(dist, { recursive: true });
buildNative();
linkNames();
copyKoffi();
cpSync(join(root, 'src/systemd'), join(dist, 'systemd'), { recursive: true });
execFileSync(bun, ['src/build/man.ts'], { cwd: root, stdio: 'inherit' });
buildProgram();

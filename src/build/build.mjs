// Builds dist/: the program, its launcher, the controller, koffi's library, the manual page.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import yargs from 'yargs';
import { ARCHITECTURES, bunOf, compilerOf, hasCompiler, koffiOf, root } from './architectures.mjs';

const options = yargs(process.argv.slice(2))
  .scriptName('npm run build --')
  .usage('$0 [OPTION ...]\n\nBuilds dist/.')
  .option('arch', {
    choices: Object.keys(ARCHITECTURES),
    default: process.arch,
    describe: 'another machine than this: program, launcher, controller and library in dist/ARCH, once dist/ is built',
  })
  .option('order', {
    type: 'boolean',
    default: true,
    describe: 'lay out functions as commands call them; --no-order runs none, for a quicker build of a slower program',
  })
  .version(false)
  .wrap(null)
  .strict()
  .parseSync();

const dist = join(root, 'dist');
const bun = bunOf(process.arch);

/** Further names of the program (src/virsh/program.ts tells what it is by each): copies of the launcher, since npm packs no links. */
const NAMES = ['virsh', 'virsh-lxc-leases', 'virsh-lxc-rpc', 'virt-host-validate', 'virt-ssh-helper', 'virt-top'];

const WARM_UP_UUID = '7d4b0b1c-6f0e-4d0f-9d53-1c1a5f5b7a10';

const WARM_UP_XML = `<domain type='lxc'>
  <name>warm-up</name>
  <uuid>${WARM_UP_UUID}</uuid>
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
  { name: 'virsh-lxc-rpc', input: conversation() },
  ['reboot', 'warm-up'],
  ['shutdown', 'warm-up'],
  ['destroy', 'warm-up'],
  ['undefine', 'warm-up'],
];

/** What libvirt's virsh says for `list --all` and `dominfo` (src/rpc). */
function conversation() {
  const word = (number) => Buffer.from([number >>> 24, number >>> 16, number >>> 8, number]);
  const text = (value) => Buffer.concat([word(value.length), Buffer.from(value.padEnd((value.length + 3) & ~3, '\0'))]);
  const domain = Buffer.concat([text('warm-up'), Buffer.from(WARM_UP_UUID.replaceAll('-', ''), 'hex'), word(-1)]);
  const call = ([procedure, ...payload], serial) => {
    const rest = Buffer.concat([word(0x20008086), word(1), word(procedure), word(0), word(serial), word(0), ...payload]);
    return Buffer.concat([word(rest.length + 4), rest]);
  };
  const opening = [[66], [60, word(10)], [1, word(1), text('lxc:///'), word(0)], [60, word(14)], [60, word(15)], [360]];
  const ofDomain = [19, 16, 151, 15].map((procedure) => [procedure, domain]);
  const info = [[23, text('warm-up')], ...ofDomain, [183, domain, word(0)], [122], [121, domain], [426, domain, word(0)]];
  return Buffer.concat([...opening, [273, word(1), word(3)], ...info, [361], [2]].map(call));
}

/** What the launcher starts. It reads no file of the directory that it is run in, as the compiler would have it by default. */
function buildProgram() {
  const target = join(dist, 'virsh-lxc.bin');
  compile(target, bun, []);
  if (options.order) compileInOrder(target, bun);
}

/** Compiles with the functions laid out in the order in which this machine's program, which is there, calls them. */
function compileInOrder(target, runtime) {
  const orders = recordOrders(join(dist, 'virsh-lxc.bin'));
  compile(target, runtime, orders.length > 0 ? [`--bytecode-order=${orders.join(',')}`] : []);
  rmSync(join(dist, 'warm-up'), { recursive: true, force: true });
}

function compile(target, runtime, options) {
  const made = `${target}.new`; // the one that is there may be running
  const args = [
    ...['build', '--compile', '--bytecode', '--minify', '--splitting', '--format=esm', ...options],
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', `--compile-executable-path=${runtime}`],
    ...['src/virsh/program.ts', '--outfile', made],
  ];
  execFileSync(bun, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  writeWhole(made);
  renameSync(made, target);
}

/**
 * Writes a file anew, at once: so the kernel keeps it in large pieces, and maps those. As the compiler writes it every command is
 * 0.5 ms slower; as it comes from the disk when it is first run, page by page, 2 ms.
 */
function writeWhole(file) {
  const bytes = readFileSync(file);
  rmSync(file);
  writeFileSync(file, bytes, { mode: 0o755 });
}

/** Runs commands on a store of their own; gives the files that say which functions each of them called, in their order. */
function recordOrders(program) {
  const prefix = join(dist, 'warm-up');
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'warm-up.xml'), WARM_UP_XML);
  const orders = WARM_UP.map((row, i) => {
    const { words = [], name, input = '' } = Array.isArray(row) ? { words: row } : row;
    const order = join(prefix, `${i}.order`);
    const env = { ...process.env, VIRSH_LXC_PREFIX: prefix, BUN_BYTECODE_ORDER_OUT: order, BUN_JSC_useJIT: '0' };
    spawnSync(program, words, { argv0: name, input, env, cwd: prefix, stdio: ['pipe', 'ignore', 'ignore'], timeout: 60_000 });
    return order;
  });
  return orders.filter(existsSync);
}

/** Compiles what is written in C for this machine, and for the others whose cross compiler is installed. */
function buildNative() {
  for (const arch of Object.keys(ARCHITECTURES)) {
    const directory = arch === process.arch ? dist : join(dist, arch);
    if (arch !== process.arch && !hasCompiler(arch)) continue;
    compileC(compilerOf(arch), 'lib-native/controller', join(directory, 'libvirt_lxc'));
    compileC(compilerOf(arch), 'lib-native/launcher', join(directory, 'virsh-lxc'), WITHOUT_LIBRARY);
    for (const name of NAMES) replaceBy(join(directory, 'virsh-lxc'), join(directory, name));
  }
}

/** It has its own first instruction; what the compiler would call the library for, it is to write out. */
const WITHOUT_LIBRARY = ['-ffreestanding', '-nostdlib', '-fno-stack-protector', '-fno-tree-loop-distribute-patterns'];

/** Compiles the sources in a directory unless the target is newer. */
function compileC(compiler, directory, target, options = []) {
  const inputs = readdirSync(join(root, directory))
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => join(root, directory, name));
  if (existsSync(target) && inputs.every((input) => statSync(input).mtimeMs <= statSync(target).mtimeMs)) return;
  mkdirSync(dirname(target), { recursive: true });
  const flags = ['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror', ...options];
  execFileSync(compiler, [...flags, '-o', target, ...inputs.filter((name) => name.endsWith('.c'))], { stdio: 'inherit' });
}

/** Copies a file to where another one may be in use. */
function replaceBy(source, target) {
  copyFileSync(source, `${target}.new`);
  renameSync(`${target}.new`, target);
}

function buildHere() {
  replaceBy(koffiOf(process.arch), join(dist, 'koffi.node'));
  for (const directory of ['systemd', 'completions', 'selinux', 'json-schema'])
    cpSync(join(root, 'src', directory), join(dist, directory), { recursive: true });
  for (const writer of ['man.ts', 'apparmor.ts']) execFileSync(bun, [`src/build/${writer}`], { cwd: root, stdio: 'inherit' });
  buildProgram();
}

function buildFor(arch) {
  const directory = join(dist, arch);
  replaceBy(koffiOf(arch), join(directory, 'koffi.node'));
  compileInOrder(join(directory, 'virsh-lxc.bin'), bunOf(arch));
}

mkdirSync(dist, { recursive: true });
buildNative();
if (options.arch === process.arch) buildHere();
else buildFor(options.arch);

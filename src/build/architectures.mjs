// What the program can be built for: where its compilers, its runtime and koffi's library are, and which of them is missing.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const modules = join(root, 'node_modules');

/**
 * By Node's name: Debian's; the package of Bun's runtime, which is its compiler, too (x64's runs on processors without AVX2); the
 * compiler of C on a machine of another kind.
 */
export const ARCHITECTURES = {
  x64: { debian: 'amd64', runtime: '@oven/bun-linux-x64-baseline', cross: 'x86_64-linux-gnu-gcc', package: 'gcc-x86-64-linux-gnu' },
  arm64: { debian: 'arm64', runtime: '@oven/bun-linux-aarch64', cross: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu' },
};

/** Bun's executable for an architecture. */
export const bunOf = (arch) => join(modules, ARCHITECTURES[arch]?.runtime ?? '', 'bin/bun');

export const compilerOf = (arch) => (arch === process.arch ? 'cc' : ARCHITECTURES[arch].cross);

export const hasCompiler = (arch) => spawnSync(compilerOf(arch), ['--version'], { stdio: 'ignore' }).status === 0;

/** koffi's library: a package of its own, or in that of koffi. Throws where there is neither. */
export function koffiOf(arch) {
  const found = [`@koromix/koffi-linux-${arch}/linux_${arch}`, `koffi/build/koffi/linux_${arch}`]
    .map((directory) => join(modules, directory, 'koffi.node'))
    .find(existsSync);
  if (!found) throw new Error(`koffi has no prebuilt library for linux-${arch}`);
  return found;
}

/** The programs that pack, each with Debian's package of it. */
const PACKERS = { 'dpkg-deb': 'dpkg', readelf: 'binutils', ar: 'binutils' };

export const missingPackers = () =>
  Object.entries(PACKERS)
    .filter(([name]) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0)
    .map(([name, debian]) => `${name} (apt-get install ${debian})`);

/** What is needed to build for an architecture and is not there, each with the command that brings it. */
export function missingFor(arch) {
  const { runtime, package: compiler } = ARCHITECTURES[arch];
  const npm = (name) => `npm install --no-save --force --os=linux --libc=glibc --cpu=${arch} ${name}`;
  return [
    ...(hasCompiler(arch) ? [] : [`a C compiler (apt-get install ${arch === process.arch ? 'gcc' : compiler})`]),
    ...(existsSync(bunOf(arch)) ? [] : [`Bun's runtime (${npm(runtime)})`]),
    ...(attempt(() => koffiOf(arch)) ? [] : [`koffi's library (${npm(`@koromix/koffi-linux-${arch}`)})`]),
  ];
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

// Makes what people install: a Debian package of dist/, and the same tree as a tar.xz, for each architecture that can be built here.
// Every time and order in it comes from the changelog (or SOURCE_DATE_EPOCH): the same sources give the same bytes.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import yargs from 'yargs';
import { ARCHITECTURES, missingFor, missingPackers, root } from './architectures.mjs';

const options = yargs(process.argv.slice(2))
  .scriptName('npm run package --')
  .usage('$0 [OPTION ...]\n\nMakes a Debian package and a tar.xz of the same tree; their names are the output.')
  .option('arch', {
    type: 'string',
    array: true,
    choices: Object.keys(ARCHITECTURES),
    describe: 'only for these machines; by default all that can be built for',
  })
  .option('out', { type: 'string', default: join(root, 'dist/packages'), defaultDescription: 'dist/packages', describe: 'where they go' })
  .version(false)
  .option('version', { type: 'string', defaultDescription: "package.json's", describe: 'the version that the package has' })
  .option('compression', { type: 'string', default: 'xz', describe: "dpkg-deb's; there is a tar.xz only with xz" })
  .wrap(null)
  .strict()
  .parseSync();

const dist = join(root, 'dist');
const debian = join(root, 'src/debian');
const read = (file) => readFileSync(file, 'utf8');

const changelog = read(join(debian, 'changelog'));
const version = options.version ?? JSON.parse(read(join(root, 'package.json'))).version;
const epoch = process.env.SOURCE_DATE_EPOCH ?? Date.parse(/^ -- .*> {2}(.*)$/m.exec(changelog)[1]) / 1000;

/** Where each shell looks for what completes a command of a package. */
const COMPLETIONS = {
  'virsh-lxc.bash': 'bash-completion/completions/virsh-lxc',
  '_virsh-lxc': 'zsh/vendor-completions/_virsh-lxc',
  'virsh-lxc.fish': 'fish/vendor_completions.d/virsh-lxc.fish',
};

/** Writes `tree`, the files as they are installed. */
function stage(tree, arch) {
  const add = (name, contents, mode = 0o644) => {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), contents);
    chmodSync(join(tree, name), mode);
  };
  const built = arch === process.arch ? dist : join(dist, arch);
  for (const name of [
    'virsh-lxc',
    'virsh-lxc.bin',
    'virsh-lxc-leases',
    'virsh-lxc-rpc',
    'virt-host-validate',
    'virt-ssh-helper',
    'virt-top',
    'libvirt_lxc',
    'koffi.node',
  ])
    add(`usr/lib/virsh-lxc/${name}`, readFileSync(join(built, name)), name === 'koffi.node' ? 0o644 : 0o755);
  mkdirSync(join(tree, 'usr/bin'));
  symlinkSync('../lib/virsh-lxc/virsh-lxc', join(tree, 'usr/bin/virsh-lxc'));
  for (const name of readdirSync(join(root, 'man')).filter((name) => /\.\d$/.test(name))) {
    const page = installedPage(name, read(join(root, 'man', name)));
    add(`usr/share/man/man${name.at(-1)}/${page.name}.gz`, gzipSync(page.text, { level: 9 }));
  }
  for (const name of readdirSync(join(root, 'src/systemd')))
    add(`usr/lib/systemd/system/${name}`, installedUnit(read(join(root, 'src/systemd', name))));
  for (const name of readdirSync(join(root, 'src/selinux')))
    add(`usr/share/virsh-lxc/selinux/${name}`, read(join(root, 'src/selinux', name)));
  add('usr/share/virsh-lxc/virsh-lxc.schema.json', read(join(root, 'src/json-schema/virsh-lxc.schema.json')));
  for (const [name, place] of Object.entries(COMPLETIONS)) add(`usr/share/${place}`, read(join(root, 'src/completions', name)));
  add('usr/share/virsh-lxc/TEMPLATE.virsh-lxc', read(join(dist, 'apparmor/TEMPLATE.virsh-lxc')));
  add('usr/share/doc/virsh-lxc/copyright', read(join(debian, 'copyright')));
  add('usr/share/doc/virsh-lxc/changelog.gz', gzipSync(changelog.replace(/\(.*?\)/, `(${version})`), { level: 9 }));
  add('usr/share/lintian/overrides/virsh-lxc', read(join(debian, 'lintian-overrides')));
}

/** Of a name that libvirt's packages have, too, the page is in a section of ours: man(1) finds both. */
function installedPage(name, text) {
  if (!name.startsWith('virt-')) return { name, text };
  return { name: `${name}virsh-lxc`, text: text.replace(/^(\.TH \S+ \d)/m, '$1virsh-lxc') };
}

/** A unit that is where it belongs, and knows where the program is: without its word on how to install it. */
function installedUnit(text) {
  const head = text.slice(0, text.indexOf(' Install: '));
  const unit = text.slice(text.indexOf('[Unit]'));
  return `${head}\n${unit.replaceAll(/(?:\/usr\/bin\/env )?(?<![\w/-])virsh-lxc(?= -c)/g, '/usr/bin/virsh-lxc')}`;
}

/** DEBIAN/: what dpkg reads of the package. */
function addControl(directory, tree, arch) {
  const files = filesBelow(tree);
  const sizes = files.map((file) => (lstatSync(join(tree, file)).isFile() ? Math.ceil(lstatSync(join(tree, file)).size / 1024) : 1));
  const facts = {
    version,
    architecture: ARCHITECTURES[arch].debian,
    size: sizes.reduce((sum, size) => sum + size, 0),
    libc: newestLibc(join(tree, 'usr/lib/virsh-lxc')),
  };
  const control = read(join(debian, 'control')).replace(/\$\{(\w+)\}/g, (_, name) => facts[name]);
  const sums = files
    .filter((file) => lstatSync(join(tree, file)).isFile())
    .map(
      (file) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, file)))
          .digest('hex')}  ${file}\n`,
    );
  mkdirSync(directory);
  writeFileSync(join(directory, 'control'), control);
  writeFileSync(join(directory, 'md5sums'), sums.join(''));
  for (const name of ['postinst', 'prerm', 'postrm']) copyFileSync(join(debian, name), join(directory, name));
  for (const name of readdirSync(directory)) chmodSync(join(directory, name), /^(pre|post)/.test(name) ? 0o755 : 0o644);
}

/** The C library that the programs want at least. */
function newestLibc(directory) {
  const wanted = execFileSync('readelf', ['--wide', '--version-info', ...filesBelow(directory).map((file) => join(directory, file))], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const minors = [...wanted.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  return `2.${Math.max(...minors)}`;
}

/** Everything below a directory, by relative names, in order. */
function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => relative(directory, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function makePackages(arch) {
  const stem = join(options.out, `virsh-lxc_${version}_${ARCHITECTURES[arch].debian}`);
  const tree = `${stem}.tree`;
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  stage(tree, arch);
  addControl(join(tree, 'DEBIAN'), tree, arch);
  for (const file of ['.', ...filesBelow(tree)]) {
    if (lstatSync(join(tree, file)).isDirectory()) chmodSync(join(tree, file), 0o755);
    lutimesSync(join(tree, file), Number(epoch), Number(epoch));
  }
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  // With one thread xz gives other bytes than with several.
  const packing = ['--root-owner-group', '--threads-max=2', `-Z${options.compression}`];
  execFileSync('dpkg-deb', [...packing, '--build', tree, `${stem}.deb`], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  console.log(`${stem}.deb`);
  if (options.compression === 'xz') {
    execFileSync('ar', ['p', `${stem}.deb`, 'data.tar.xz'], { stdio: ['ignore', openSync(`${stem}.tar.xz`, 'w'), 'inherit'] });
    console.log(`${stem}.tar.xz`);
  }
  rmSync(tree, { recursive: true });
}

const wanted = options.arch ?? [process.arch, ...Object.keys(ARCHITECTURES).filter((arch) => arch !== process.arch)];
for (const arch of wanted) {
  const missing = [...missingPackers(), ...missingFor(arch)];
  if (missing.length > 0) {
    console.error(`virsh-lxc: nothing for ${arch}, missing:\n${missing.map((what) => `  ${what}\n`).join('')}`);
    // Without being asked for, another machine's package is made where it can be.
    if (options.arch || arch === process.arch) process.exitCode = 1;
    continue;
  }
  if (arch !== process.arch) execFileSync(process.execPath, [join(root, 'src/build/build.mjs'), '--arch', arch], { stdio: 'inherit' });
  makePackages(arch);
}

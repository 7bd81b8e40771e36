// libvirt-tck, libvirt's own test suite for drivers (Perl, by Sys::Virt): every script of it that means anything for containers. In a virtual
// machine of ../shared/vm and nowhere else, since its containers' init would do as it likes. Last line: `N passed, N failed[, N skipped]`.
//
// Its sources are no part of this project: --sources names a checkout of them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import yargs from 'yargs';
import { machineTool, root } from './machines.mjs';

const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'virsh-lxc/tck');
/** What the scripts use of Debian. A machine with these is an image of its own, made once. */
const PACKAGES = [
  ...['libsys-virt-perl', 'libyaml-perl', 'libwww-perl', 'libio-interface-perl', 'libxml-xpath-perl', 'libnetaddr-ip-perl'],
  ...['libnet-openssh-perl', 'libsub-uplevel-perl', 'libtest-exception-perl', 'libxml-writer-perl', 'libio-string-perl'],
  ...['libfile-slurp-perl', 'libxml-twig-perl', 'libvirt-clients', 'qemu-utils', 'parted'],
];

/** Scripts that say nothing of containers, and why. */
const NOT_FOR_US = [
  [/^qemu\//, "machines of QEMU's only"],
  [/^nwfilter\//, 'filters of network packets (<filterref>) are not there'],
  [/^domain\/(110|200|205|210|215)-/, 'installs a whole Fedora by virt-builder, for a machine'],
  [/^domain\/207-/, 'disabled by its authors; media of machines'],
  [/^domain\/103-/, 'saves a machine to a block device'],
  [/^domain\/120-/, "a machine's disks; of a domain without any it ends what it did not start, and dies"],
  [/^domain\/121-/, "resizes and peeks into a machine's disks, which libvirt's driver for containers does not either"],
  [/^domain\/(240|250)-|^networks\/380-/, 'gives away a USB or PCI device of the host, of which a virtual machine has none to spare'],
  [/^domain\/30[01]-/, 'containers do not migrate'],
  [/^domain\/40[15]-/, "machines' firmware"],
  [/^hooks\/051-/, 'starts and stops the daemon; there is none'],
  [/^networks\/100-/, 'compares rules of iptables word for word; ours are those of nftables'],
  [/^networks\/110-/, "changes the host's interfaces, which are read-only"],
  [/^selinux\//, "expects the labels of QEMU's machines (svirt_t, svirt_image_t)"],
  [/^storage\/110-/, 'pools of whole disks; ours are directories'],
];

/** Assertions that find us otherwise on purpose, and why. They must. */
const OTHERWISE = [['storage/120-get-ops.t', 5, 'a volume is whatever is in the directory, before the pool is refreshed, too']];

const options = yargs(process.argv.slice(2))
  .scriptName('npm run test:tck --')
  .usage(
    "$0 [SCRIPT ...]\n\nRuns libvirt-tck's scripts in a virtual machine: those with one of these words in their path, or all that apply.",
  )
  .option('sources', {
    type: 'string',
    default: process.env.LIBVIRT_TCK ?? path.join(CACHE, 'sources'),
    defaultDescription: '$LIBVIRT_TCK or ~/.cache/virsh-lxc/tck/sources',
    describe: 'a checkout of libvirt-tck',
  })
  .option('variant', { type: 'string', default: 'cgroup2', describe: 'of ../shared/vm' })
  .option('timeout', { type: 'number', default: 7200, describe: 'seconds for the machine' })
  .option('out', { type: 'string', describe: 'keep what the scripts said in this directory' })
  .version(false)
  .wrap(null)
  .strictOptions()
  .parseSync();

const runInVm = machineTool('run-in-vm.sh');
const library = path.join(options.sources, 'lib/Sys/Virt/TCK');
if (runInVm === undefined || !fs.existsSync(library)) {
  console.log(runInVm === undefined ? 'skipped: ../shared/vm is not there' : `skipped: there is no libvirt-tck in ${options.sources}`);
  console.log('\n0 passed, 0 failed, 1 skipped');
  process.exit(0);
}

function chosenScripts() {
  const folder = path.join(options.sources, 'scripts');
  const all = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.t'));
  const asked = options._.map(String);
  return all.filter((name) => asked.length === 0 || asked.some((word) => name.includes(word))).sort();
}

const reasonAgainst = (script) => NOT_FOR_US.find(([pattern]) => pattern.test(script))?.[1];

/** The guest's /project. */
function stage(directory, scripts) {
  const copy = (from, to) => fs.cpSync(from, path.join(directory, to), { recursive: true, verbatimSymlinks: true });
  for (const name of ['dist', 'package.json', 'test/helpers/socket-listener.cjs', 'test/fixtures/tck']) copy(path.join(root, name), name);
  for (const name of ['lib', 'scripts']) copy(path.join(options.sources, name), `tck/${name}`);
  // It writes down a container's file systems by a name that it does not read: all would have the host's root.
  const builder = path.join(directory, 'tck/lib/Sys/Virt/TCK/DomainBuilder.pm');
  fs.writeFileSync(builder, fs.readFileSync(builder, 'utf8').replaceAll('filesytems', 'filesystems'));
  // An emulated machine is many times slower than the time that some give themselves.
  for (const name of scripts) {
    const script = path.join(directory, 'tck/scripts', name);
    fs.writeFileSync(script, fs.readFileSync(script, 'latin1').replaceAll(/\balarm 15;/g, 'alarm 300;'), 'latin1');
  }
  fs.writeFileSync(path.join(directory, 'tck/list'), scripts.map((name) => `${name}\n`).join(''));
}

/** What a script said of its assertions (Test Anything Protocol). */
function countsOf(script, tap) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const [failures, reasons] = [[], new Set()];
  const skip = (reason) => {
    counts.skipped++;
    reasons.add(reason);
  };
  const fail = (text) => {
    counts.failed++;
    failures.push(text);
  };
  const plan = /^1\.\.(\d+)(?: *# *skip *(.*))?/im.exec(tap);
  if (plan?.[2] !== undefined) skip(plan[2]);
  for (const [line, not, number, skipped] of tap.matchAll(/^(not )?ok (\d+)(?:.*# *skip *(.*)|.*)$/gim)) {
    const otherwise = OTHERWISE.find(([name, one]) => name === script && one === Number(number))?.[2];
    if (skipped !== undefined) skip(skipped);
    else if (otherwise !== undefined && not) skip(otherwise);
    else if (not || otherwise !== undefined) fail(line);
    else counts.passed++;
  }
  // It exits with the number of assertions that failed.
  const done = [...tap.matchAll(/^(not )?ok \d+/gm)];
  const bad = done.filter(([, not]) => not).length;
  if (Number(plan?.[1]) !== done.length || !tap.includes(`# exit status ${bad}\n`))
    fail(`ended early: ${done.length} of ${plan?.[1] ?? 'no'} assertions\n${tap.split('\n').slice(-8).join('\n')}`);
  return { counts, failures, reasons };
}

const scripts = chosenScripts();
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-tck-'));
process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const out = options.out ?? path.join(directory, 'out');
fs.mkdirSync(out, { recursive: true });
const project = path.join(directory, 'project');
fs.mkdirSync(project);
const applying = scripts.filter((name) => reasonAgainst(name) === undefined);
stage(project, applying);
/** An emulated processor that was measured while it had little of the host's would have its clock run fast, and scripts out of time. */
const CLOCK = ['--append', 'tsc=unstable'];
const machine = [
  '-v',
  options.variant,
  ...CLOCK,
  '-p',
  project,
  '-o',
  out,
  '-t',
  String(options.timeout),
  '--',
  'sh test/fixtures/tck/guest.sh',
];
const { exitCode } = await execa(runInVm, machine, {
  reject: false,
  stdin: 'ignore',
  stdout: 'inherit',
  stderr: 'inherit',
  env: { VMRIG_CACHE: process.env.VMRIG_CACHE ?? CACHE, VMRIG_EXTRA: PACKAGES.join(',') },
});

const totals = { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
if (exitCode !== 0) console.log(`\nthe machine ended with status ${exitCode}`);
console.log('');
for (const script of scripts) {
  const reason = reasonAgainst(script);
  if (reason !== undefined) {
    console.log(`${script}: skipped (${reason})`);
    totals.skipped++;
    continue;
  }
  const file = path.join(out, `${script.replace('/', '-')}ap`);
  const { counts, failures, reasons } = countsOf(script, fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  for (const key of Object.keys(totals)) totals[key] += counts[key];
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped (${[...reasons].join('; ')})` : '';
  console.log(`${script}: ${counts.passed} passed, ${counts.failed} failed${skipped}`);
  for (const failure of failures) console.log(`    ${failure}`);
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);

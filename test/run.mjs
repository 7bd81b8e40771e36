// Every check, one after the other: types, lint, unit, integration, conformance, wire. Last line: `N passed, N failed[, N skipped]`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa, execaSync } from 'execa';
import yargs from 'yargs';
import { conformByWire, SAMPLE, WAYS } from './wire.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const conformance = path.join(root, '../shared/conformance');
const ALL_GROUPS = '.*';
const totals = { passed: 0, failed: 0, skipped: 0 };
const isRoot = process.getuid?.() === 0;

/** Debian packages that the integration and conformance tests use. */
const PACKAGES = {
  ansible: '/usr/bin/ansible-playbook',
  'busybox-static': '/bin/busybox',
  'dnsmasq-base': '/usr/sbin/dnsmasq',
  e2fsprogs: '/usr/sbin/mke2fs',
  gccgo: '/usr/bin/gccgo',
  'golang-github-digitalocean-go-libvirt-dev': '/usr/share/gocode/src/github.com/digitalocean/go-libvirt',
  iproute2: '/usr/sbin/ip',
  'libsys-virt-perl': '/usr/share/doc/libsys-virt-perl',
  'libvirt-clients': '/usr/bin/virsh',
  'libvirt-login-shell': '/usr/bin/virt-login-shell',
  'netcat-openbsd': '/usr/bin/nc',
  nftables: '/usr/sbin/nft',
  python3: '/usr/bin/python3',
  'python3-libvirt': '/usr/share/doc/python3-libvirt',
  'python3-lxml': '/usr/share/doc/python3-lxml',
  'ruby-libvirt': '/usr/share/doc/ruby-libvirt',
  strace: '/usr/bin/strace',
  tmux: '/usr/bin/tmux',
  virtinst: '/usr/bin/virt-install',
  // virt-manager on a screen that nobody sees.
  'virt-manager': '/usr/bin/virt-manager',
  'gir1.2-vte-2.91': '/usr/lib/x86_64-linux-gnu/girepository-1.0/Vte-2.91.typelib',
  'dbus-x11': '/usr/bin/dbus-launch',
  xauth: '/usr/bin/xauth',
  xdotool: '/usr/bin/xdotool',
  xvfb: '/usr/bin/xvfb-run',
};

/** More clients of libvirt's, which come as services: only where no service manager would start them. */
const SERVICES = {
  'collectd-core': '/usr/sbin/collectd',
  corosync: '/usr/sbin/corosync',
  crmsh: '/usr/sbin/crm',
  'munin-libvirt-plugins': '/usr/share/munin/plugins/libvirt-mem',
  'openssh-server': '/usr/sbin/sshd',
  pacemaker: '/usr/sbin/pacemakerd',
  'pacemaker-cli-utils': '/usr/sbin/crm_resource',
  'prometheus-libvirt-exporter': '/usr/bin/prometheus-libvirt-exporter',
  'resource-agents': '/usr/lib/ocf/resource.d/heartbeat/VirtualDomain',
};

const works = (command) => execaSync(command, ['--version'], { reject: false }).exitCode === 0;

async function installPackages() {
  const wanted = fs.existsSync('/run/systemd/system') ? PACKAGES : { ...PACKAGES, ...SERVICES };
  const missing = Object.entries(wanted)
    .filter(([name, file]) => !fs.existsSync(file) && !(name === 'python3' && works(name)))
    .map(([name]) => name);
  if (missing.length === 0 || !isRoot || !works('apt-get')) return;
  console.log(`installing ${missing.join(', ')} ...`);
  const options = { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit', env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await execa('apt-get', ['update', '-qq'], options);
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

/** Runs a command; its output is shown as it comes. Returns its exit status and output. */
async function run(command, args, env = {}) {
  const shown = ['pipe', 'inherit'];
  const { exitCode, all } = await execa(command, args, {
    cwd: root,
    env,
    reject: false,
    stdin: 'ignore',
    stdout: shown,
    stderr: shown,
    all: true,
  });
  return { status: exitCode ?? 1, output: all ?? '' };
}

const bin = (name) => path.join(root, 'node_modules/.bin', name);
const count = (passed, failed, skipped = 0) => {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
};

/** A check that passes or fails as a whole. */
async function whole(title, command, args) {
  console.log(`\n== ${title}`);
  const { status } = await run(command, args);
  count(status === 0 ? 1 : 0, status === 0 ? 0 : 1);
}

async function vitest(title, ...projects) {
  console.log(`\n== ${title}`);
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-test-')), 'report.json');
  const args = [
    ...['run', '--config', 'test/vitest.config.ts', ...projects.flatMap((project) => ['--project', project])],
    ...['--reporter', 'default', '--reporter', 'json', '--outputFile.json', report],
    ...(options.tests === undefined ? [] : [options.tests]),
  ];
  const { status } = await run(bin('vitest'), args);
  const result = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : undefined;
  fs.rmSync(path.dirname(report), { recursive: true, force: true });
  const failed = result ? result.numFailedTests : 0;
  // A file that does not load fails no test of its own.
  count(result?.numPassedTests ?? 0, status !== 0 && failed === 0 ? 1 : failed, result?.numPendingTests ?? 0);
}

/** Much of a case is waiting for a container, as in the tests (vitest.config.ts). */
const CASES_AT_ONCE = os.availableParallelism() + 1;

async function conform() {
  console.log('\n== conformance');
  if (!fs.existsSync(path.join(conformance, 'run.mjs'))) {
    console.log('skipped: ../shared/conformance is not there');
    count(0, 0, 1);
    return;
  }
  if (!isRoot) {
    console.log('skipped: it starts containers, which needs root');
    count(0, 0, 1);
    return;
  }
  const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-conformance-'));
  fs.chmodSync(prefix, 0o755);
  // The recordings are of libvirt, which contains less than we do.
  fs.mkdirSync(path.join(prefix, 'etc/libvirt'), { recursive: true });
  fs.writeFileSync(path.join(prefix, 'etc/libvirt/lxc.conf'), 'security_level = "libvirt"\n');
  const filter = `^(${options.groups ?? ALL_GROUPS})/`;
  const virsh = `${path.join(root, 'bin/virsh-lxc')} -c lxc:///`;
  const args = [path.join(conformance, 'run.mjs'), '--virsh', virsh, '--quiet', '--jobs', String(CASES_AT_ONCE), '--filter', filter];
  const { output } = await run(process.execPath, args, { VIRSH_LXC_PREFIX: prefix });
  fs.rmSync(prefix, { recursive: true, force: true });
  const last = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output);
  if (last) count(Number(last[1]), Number(last[2]), Number(last[3] ?? 0));
  else count(0, 1);
}

/** With libvirt's own virsh; where nothing was asked for by name, less of it. */
async function wire() {
  const isNamed = options._.includes('wire');
  const { way: ways = isNamed ? WAYS : ['socket'], groups = isNamed ? ALL_GROUPS : SAMPLE, jobs } = options;
  for (const way of ways) {
    console.log(`\n== wire: ${way}`);
    const { passed, failed, skipped } = await conformByWire({ root, conformance, way, groups, jobs });
    console.log(`${way}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    count(passed, failed, skipped);
  }
}

const CHECKS = {
  types: () => whole('types', bin('tsc'), ['--noEmit']),
  lint: () => whole('lint', bin('biome'), ['check', '.']),
  unit: () => vitest('unit', 'unit'),
  integration: () => vitest('integration', 'integration', 'alone'),
  conformance: conform,
  wire,
};

const options = yargs(process.argv.slice(2))
  .scriptName('npm test --')
  .usage('$0 [CHECK ...]\n\nRuns the checks that are named, or all of them.')
  .positional('check', { choices: Object.keys(CHECKS) })
  .option('groups', { type: 'string', describe: 'only these groups of the conformance suite, as a|b|c' })
  .check(({ _: names }) => names.every((name) => Object.hasOwn(CHECKS, name)) || `the checks are ${Object.keys(CHECKS).join(', ')}`)
  .option('way', { type: 'array', choices: WAYS, describe: 'how virsh reaches us in wire: both, where that is named' })
  .option('jobs', { type: 'number', default: 4, describe: 'so many parts of wire at a time' })
  .option('tests', { type: 'string', describe: 'of unit and integration only test files with this word in their path' })
  .version(false)
  .wrap(null)
  .strictOptions()
  .parseSync();
const chosen = options._.length > 0 ? options._ : Object.keys(CHECKS);
/** They are fetched while the checks run that need none of them. */
const NEEDS_PACKAGES = ['integration', 'conformance', 'wire'];
const installed = chosen.some((name) => NEEDS_PACKAGES.includes(name)) ? installPackages() : undefined;
for (const name of chosen) {
  if (NEEDS_PACKAGES.includes(name)) await installed;
  await CHECKS[name]();
}
const { passed, failed, skipped } = totals;
console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

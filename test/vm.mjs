// The integration tests on other hosts: virtual machines of ../shared/vm, one after the other. Arguments choose the variants;
// TESTS=word runs only test files with that word in their path. Last line: `N passed, N failed[, N skipped]`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const runInVm = path.join(root, '../shared/vm/run-in-vm.sh');
const DEFAULT_VARIANTS = ['cgroup2', 'systemd', 'hybrid', 'cgroup1'];
/** An emulated machine is 5 to 25 times slower than this one. */
const TIMEOUT_SECONDS = 9000;

/** What the guest needs of the checkout: everything is built already. */
const NEEDED = ['package.json', 'bin', 'dist', 'lib-native', 'man', 'src', 'test', 'node_modules'];
const UNUSED_MODULES = ['@biomejs', '@typescript', 'typescript', '@types', '.cache', '.vite'];

function stage(folder) {
  const unused = new Set(UNUSED_MODULES.map((name) => path.join(root, 'node_modules', name)));
  for (const name of NEEDED) {
    const options = { recursive: true, verbatimSymlinks: true, filter: (source) => !unused.has(source) };
    fs.cpSync(path.join(root, name), path.join(folder, name), options);
  }
}

/** For vitest (its worker: vitest.config.ts), not for the commands under test, which would take longer to start. */
const PATIENT = '--require=./test/helpers/patient-timers.cjs';
const vitest = ['run', '--config', 'test/vitest.config.ts', '--project', 'integration', '--reporter', 'verbose', '--reporter', 'json'];
/**
 * The guest's command; the report comes back from $OUT. What QEMU translated of a program serves its next run only where
 * that lies at the same addresses.
 */
const COMMAND = [
  'echo 0 > /proc/sys/kernel/randomize_va_space;',
  `exec node ${PATIENT} node_modules/vitest/vitest.mjs ${vitest.join(' ')}`,
  `--outputFile.json "$OUT/report.json" ${process.env.TESTS ?? ''}`,
].join(' ');
/** The guest's /tmp is mounted without devices, which a container's root on it would not have either. */
const ENVIRONMENT = { TMPDIR: '/var/tmp' };

/** Runs the tests in one variant; their output is shown as it comes. */
async function testIn(variant, folder) {
  console.log(`\n== ${variant}`);
  const out = fs.mkdtempSync(path.join(folder, 'out-'));
  const env = { ...ENVIRONMENT, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) };
  const environment = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const args = ['-v', variant, '-p', path.join(folder, 'project'), '-o', out, '-t', String(TIMEOUT_SECONDS), ...environment, '--', COMMAND];
  const { exitCode } = await execa(runInVm, args, { reject: false, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  return counts(path.join(out, 'report.json'), exitCode ?? 125);
}

function counts(report, status) {
  if (!fs.existsSync(report)) return { passed: 0, failed: 1, skipped: 0, note: `no report: ${reason(status)}` };
  const { numPassedTests: passed, numFailedTests, numPendingTests: skipped } = JSON.parse(fs.readFileSync(report, 'utf8'));
  // A file that does not load fails no test of its own.
  return { passed, failed: status !== 0 && numFailedTests === 0 ? 1 : numFailedTests, skipped };
}

const reason = (status) =>
  ({ 2: 'no such variant', 124: 'out of time', 125: 'the machine failed' })[status] ?? `the tests ended with status ${status}`;

const figures = ({ passed, failed, skipped, note }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}${note ? ` (${note})` : ''}`;

async function main(variants) {
  if (!fs.existsSync(runInVm)) {
    console.log(`skipped: ${runInVm} is not there, and with it the virtual machines`);
    return { passed: 0, failed: 0, skipped: variants.length };
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-vm-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  stage(path.join(folder, 'project'));
  const results = [];
  for (const variant of variants) results.push({ variant, ...(await testIn(variant, folder)) });
  console.log('');
  for (const result of results) console.log(`${result.variant}: ${figures(result)}`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

const chosen = process.argv.slice(2);
const totals = await main(chosen.length > 0 ? chosen : DEFAULT_VARIANTS);
console.log(`\n${figures(totals)}`);
process.exit(totals.failed > 0 ? 1 : 0);

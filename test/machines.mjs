// Tests in virtual machines of ../shared/vm, one after the other: what test/vm.mjs and test/distros.mjs share.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import yargs from 'yargs';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const machines = path.join(root, '../shared/vm');
const runInVm = path.join(machines, 'run-in-vm.sh');
/** Those that are taken where none is named; run-in-vm.sh knows more. */
const VARIANTS = ['cgroup2', 'systemd', 'hybrid', 'cgroup1'];
/** An emulated machine is 5 to 25 times slower than this one. */
const TIMEOUT_S = 9000;

/** The options that `npm run SCRIPT` has; `what` it does is one sentence. */
export const machineOptions = (script, what) =>
  yargs(process.argv.slice(2))
    .scriptName(`npm run ${script} --`)
    .usage(`$0 [VARIANT ...]\n\n${what} The variants are those of ../shared/vm; by default ${VARIANTS.join(', ')}.`)
    .option('tests', {
      type: 'string',
      default: process.env.TESTS ?? '',
      defaultDescription: 'all',
      describe: 'only test files with this word in their path',
    })
    .option('timeout', { type: 'number', default: TIMEOUT_S, describe: 'seconds for each machine' })
    .version(false)
    .wrap(null)
    .strictOptions();

/** What the guest needs of the checkout: everything is built already. */
const NEEDED = ['package.json', 'bin', 'dist', 'lib-native', 'man', 'src', 'test', 'node_modules'];
const UNUSED_MODULES = ['@biomejs', '@oven', 'bun', '@typescript', 'typescript', '@types', '.cache', '.vite'];

/** A tool of the machines; undefined where they are not at hand. */
export function machineTool(name) {
  const tool = path.join(machines, name);
  return fs.existsSync(tool) ? tool : undefined;
}

/** The guests have no compiler: what tests run inside containers is brought along (test/helpers/c-program.ts). */
const PROGRAMS = ['attacks', 'audit-writer', 'calls', 'fuse-server', 'kernel-files', 'watcher'];

async function stagePrograms(directory) {
  fs.mkdirSync(directory);
  const options = ['-O2', '-static', '-pthread', '-Wall', '-Werror'];
  for (const name of PROGRAMS)
    await execa('cc', [...options, '-o', path.join(directory, name), path.join(root, `test/helpers/${name}.c`)], { stdio: 'inherit' });
}

function stage(directory) {
  const unused = new Set(UNUSED_MODULES.map((name) => path.join(root, 'node_modules', name)));
  for (const name of NEEDED) {
    const options = { recursive: true, verbatimSymlinks: true, filter: (source) => !unused.has(source) };
    fs.cpSync(path.join(root, name), path.join(directory, name), options);
  }
}

/** For vitest (its worker: vitest.config.ts), not for the commands under test, which would take longer to start. */
const PATIENT = '--require=./test/helpers/patient-timers.cjs';

/**
 * The guest's command; the report comes back from $OUT. What QEMU translated of a program serves its next run only where
 * that lies at the same addresses.
 */
function guestCommand(variant, projects, tests) {
  const chosen = projects.flatMap((project) => ['--project', project]);
  const vitest = ['run', '--config', 'test/vitest.config.ts', ...chosen, '--reporter', 'verbose', '--reporter', 'json'];
  return [
    'echo 0 > /proc/sys/kernel/randomize_va_space;',
    'mkdir -p "$TMPDIR";',
    ...(variant.startsWith('selinux') ? ['. test/fixtures/selinux/prepare.sh;'] : []),
    `exec node ${PATIENT} node_modules/vitest/vitest.mjs ${vitest.join(' ')}`,
    `--outputFile.json "$OUT/report.json" ${tests}`,
  ].join(' ');
}

/** Runs the tests in one variant; their output is shown as it comes. */
async function testIn(variant, directory, { tests, timeout }, { projects, environment }) {
  console.log(`\n== ${variant}`);
  const out = fs.mkdtempSync(path.join(directory, 'out-'));
  const env = { ...environment, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) };
  const settings = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const options = ['-v', variant, '-p', path.join(directory, 'project'), '-o', out, '-t', String(timeout), ...settings];
  const { exitCode } = await execa(runInVm, [...options, '--', guestCommand(variant, projects, tests)], {
    reject: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  });
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

/**
 * Runs vitest projects in the variants that the options name, or in all; then ends this process. Last line:
 * `N passed, N failed[, N skipped]`. `stageMore` adds to the directory that becomes the guest's /project.
 */
export async function testInMachines(options, { projects, environment, stageMore = () => {} }) {
  const chosen = options._.map(String);
  const variants = chosen.length > 0 ? chosen : VARIANTS;
  if (machineTool('run-in-vm.sh') === undefined) {
    console.log(`skipped: ${runInVm} is not there, and with it the virtual machines`);
    finish(variants.map((variant) => ({ variant, passed: 0, failed: 0, skipped: 1, note: 'no machine' })));
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-vm-'));
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  stage(path.join(directory, 'project'));
  await stagePrograms(path.join(directory, 'project/test/programs'));
  await stageMore(path.join(directory, 'project'));
  const results = [];
  for (const variant of variants) results.push({ variant, ...(await testIn(variant, directory, options, { projects, environment })) });
  finish(results);
}

function finish(results) {
  console.log('');
  for (const result of results) console.log(`${result.variant}: ${figures(result)}`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failed = sum('failed');
  console.log(`\n${figures({ passed: sum('passed'), failed, skipped: sum('skipped') })}`);
  process.exit(failed > 0 ? 1 : 0);
}

// npm run bench: paired timings against a real libvirt, by ../shared/bench.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';
import yargs from 'yargs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bench = path.join(root, '../shared/bench');

/** Of ../shared/bench/bench.mjs, which is handed whatever stands on the command line. */
const options = yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .usage('$0 [OPTION ...]\n\nTimes our commands and those of a real libvirt in turn, which it installs and starts where that is not done.')
  .option('quick', { type: 'boolean', describe: 'few runs, a small population' })
  .option('only', { type: 'string', describe: 'only these rows, as start,list' })
  .option('runs', { type: 'number', describe: 'how often each command is run' })
  .option('pop', { type: 'number', describe: 'how many domains are defined for rows that want many' })
  .option('json', { type: 'string', describe: 'file for the figures' })
  .option('list', { type: 'boolean', describe: 'name the rows, and do nothing' })
  .version(false)
  .wrap(null)
  .strict()
  .parseSync();

if (!fs.existsSync(path.join(bench, 'bench.mjs'))) {
  console.error(`there is no ${path.relative(process.cwd(), bench)}: the benchmark cannot be run here`);
  process.exit(2);
}
const run = (command, args, env = {}) => execaSync(command, args, { stdio: 'inherit', env, reject: false }).exitCode ?? 1;

// Installs and starts the real libvirt where that is not done.
const reference = run('bash', [path.join(bench, 'reference-up')]);
if (reference !== 0) process.exit(reference);

const handed = Object.entries(options).flatMap(([name, value]) =>
  name === '_' || name === '$0' || value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}=${value}`],
);

// Ours keeps its files apart: a running libvirtd has the common ones.
const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-bench-'));
fs.chmodSync(prefix, 0o755);
const args = [path.join(bench, 'bench.mjs'), '--virsh', `${path.join(root, 'bin/virsh-lxc')} -c lxc:///`, ...handed];
const status = run(process.execPath, args, { VIRSH_LXC_PREFIX: prefix });
fs.rmSync(prefix, { recursive: true, force: true });
process.exit(status);

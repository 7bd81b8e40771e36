// npm run bench: paired timings against a real libvirt, by ../shared/bench. Further arguments go to it (--quick, --only start,list ...).
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bench = path.join(root, '../shared/bench');
if (!fs.existsSync(path.join(bench, 'bench.mjs'))) {
  console.error(`there is no ${path.relative(process.cwd(), bench)}: the benchmark cannot be run here`);
  process.exit(2);
}
const run = (command, args, env = {}) => execaSync(command, args, { stdio: 'inherit', env, reject: false }).exitCode ?? 1;

// Installs and starts the real libvirt where that is not done.
const reference = run('bash', [path.join(bench, 'reference-up')]);
if (reference !== 0) process.exit(reference);

// Ours keeps its files apart: a running libvirtd has the common ones.
const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-bench-'));
fs.chmodSync(prefix, 0o755);
const args = [path.join(bench, 'bench.mjs'), '--virsh', `${path.join(root, 'bin/virsh-lxc')} -c lxc:///`, ...process.argv.slice(2)];
const status = run(process.execPath, args, { VIRSH_LXC_PREFIX: prefix });
fs.rmSync(prefix, { recursive: true, force: true });
process.exit(status);

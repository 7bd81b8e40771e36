// libvirt's own virsh, as Debian has it, through the conformance suite, with this program at the other end: by libvirt's socket, or by a
// command of its URI. Parts of the suite run at the same time, each with a store and sockets of its own.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { execa, execaSync } from 'execa';

export const WAYS = ['socket', 'ext'];
const VIRSH = '/usr/bin/virsh';

/** What virsh does without asking the other side: here it must do as it does with libvirt, not as our own command line. */
const OF_VIRSH = {
  'cli/closed-output': 'it does not look whether its output could be written',
  'inside/enter-namespace-capabilities': 'it enters by itself, and keeps what it may',
  'misc/edit-invalid': 'it edits',
};

const JOINS = 'virsh joins the cgroups of the controller by itself, which with us are none of the container’s';
const SHOWS_URI = 'it shows the URI by which virsh was connected';
const DESCRIPTORS = 'libvirt’s library neither takes nor sends descriptors by such a connection';
const because = (reason, names) => Object.fromEntries(names.map((name) => [name, reason]));

const JOINING = because(JOINS, ['inside/enter-namespace-cgroup', 'inside/enter-namespace-devices']);

/** Cases that cannot come out as with libvirt, whoever serves virsh thus. */
const IMPOSSIBLE = {
  socket: JOINING,
  ext: {
    ...JOINING,
    ...because(SHOWS_URI, ['cli/connect-command', 'misc/domhostname-uri', 'misc/host-fields']),
    ...because(DESCRIPTORS, [
      'devices/attach-hostdev-live',
      'devices/attach-hostdev-misc',
      'devices/attach-interface-live',
      'inside/cmdline',
      'inside/consoles-two',
      'inside/dev',
      'inside/dev-console-is-a-tty',
      'inside/enter-namespace-capabilities',
      'inside/enter-namespace-usage',
      'inside/enter-namespace-view',
      'inside/fs-bind',
      'inside/fs-bind-readonly',
      'inside/fs-file-loop',
      'inside/fs-mount-file',
      'inside/fs-mount-host-dir',
      'inside/fs-mount-readonly',
      'inside/fs-ram',
      'inside/fs-root-readonly',
      'inside/fs-target-is-made',
      'inside/hostname',
      'inside/idmap-network',
      'inside/init-as-host-root',
      'inside/meminfo',
      'inside/meminfo-hard-limit',
      'inside/mounts-cgroup',
      'inside/namespaces-privnet',
      'inside/network-bridge',
      'inside/network-guest-dev-ip',
      'inside/proc-sys-readonly',
      'inside/proc-sysrq',
      'misc/start-pass-fds',
      'tunables/cgroup-devices-hostdev',
      'tunables/setmem-live',
    ]),
  },
};

/** Why there is nothing to test it with; undefined: it can be run. */
function hindrance(suite) {
  if (!fs.existsSync(suite)) return '../shared/conformance is not there';
  if (process.getuid?.() !== 0) return 'it starts containers, which needs root';
  if (!fs.existsSync(VIRSH)) return `${VIRSH} is not installed`;
  if (execaSync('unshare', ['--mount', 'true'], { reject: false }).exitCode !== 0) return 'there can be no mount namespace';
  return undefined;
}

/** A store with what serves it: virsh by another name, for the suite knows a `virsh` as libvirt's whole. */
function makeStore(root, way) {
  const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-wire-'));
  const file = (name, text, mode) => {
    fs.mkdirSync(path.dirname(path.join(prefix, name)), { recursive: true });
    fs.writeFileSync(path.join(prefix, name), text, { mode });
    return path.join(prefix, name);
  };
  fs.chmodSync(prefix, 0o755);
  // The recordings are of libvirt, which contains less than we do.
  file('etc/libvirt/lxc.conf', 'security_level = "libvirt"\n', 0o644);
  const client = file('libvirts-virsh', `#!/bin/sh\nexec ${VIRSH} "$@"\n`, 0o755);
  const server = file('rpc', `#!/bin/sh\nVIRSH_LXC_PREFIX=${prefix} exec ${root}/dist/virsh-lxc-rpc "$@"\n`, 0o755);
  return { prefix, virsh: `${client} -c ${way === 'ext' ? `lxc+ext:///?command=${server}` : 'lxc:///'}` };
}

/** What is to happen in time, or is of every domain: such cases want no company, as the suite itself says. */
const ALONE = /(^|\/)list|event|timing/;

const anyOf = (names) => `^(${names.join('|')})$`;

/** What became of each case, by its name: `ok`, `FAIL` or `skip`, and all that was said of it. */
function outcomes(output) {
  const found = new Map();
  let current;
  for (const line of output.split('\n')) {
    const [, word, name] = /^(ok|FAIL|skip) +([\w./-]+)/.exec(line) ?? [];
    if (name) {
      current = { word, text: line };
      found.set(name, current);
    } else if (/^(failed: .*|\d+ passed, .*)$/.test(line)) current = undefined;
    else if (current) current.text += `\n${line}`;
  }
  return found;
}

/** Runs cases, `args` more for the suite. */
async function runCases(root, suite, way, names, args) {
  if (names.length === 0) return new Map();
  const { prefix, virsh } = makeStore(root, way);
  const command = [process.execPath, suite, '--virsh', virsh, '--filter', anyOf(names), ...args];
  const { stdout, stderr } = await execa(path.join(root, 'test/helpers/at-libvirt-sockets.sh'), command, {
    cwd: root,
    env: { VIRSH_LXC_PREFIX: prefix },
    reject: false,
    stdin: 'ignore',
  });
  fs.rmSync(prefix, { recursive: true, force: true });
  const found = outcomes(stdout);
  for (const name of names) if (!found.has(name)) found.set(name, { word: 'FAIL', text: `FAIL ${name}: it was not run\n${stderr}` });
  return found;
}

/** What is counted for a case, and what is said of it. */
function judge(name, { word, text }, impossible) {
  const reason = impossible[name];
  if (word === 'skip') return { counted: 'skipped', said: text };
  if (reason === undefined) return word === 'ok' ? { counted: 'passed' } : { counted: 'failed', said: text };
  if (word === 'FAIL') return { counted: 'skipped', said: `skip ${name}: ${reason}` };
  return { counted: 'failed', said: `FAIL ${name}: it is said to be impossible, but came out as with libvirt` };
}

/** What a run of every check has time for: what goes over the wire most. */
export const SAMPLE = 'console|list|net|tunables';

/** Runs the suite's cases whose group matches `groups`; `jobs` parts of it at a time. */
export async function conformByWire({ root, conformance, way, groups, jobs }) {
  const suite = path.join(conformance, 'run.mjs');
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const hindered = hindrance(suite);
  if (hindered !== undefined) {
    console.log(`skipped: ${hindered}`);
    return { ...totals, skipped: 1 };
  }
  const { stdout } = execaSync(process.execPath, [suite, '--list', '--filter', `^(${groups})/`]);
  const names = stdout.split('\n').filter(Boolean);
  const ofVirsh = names.filter((name) => Object.hasOwn(OF_VIRSH, name));
  const others = names.filter((name) => !ofVirsh.includes(name));
  const sociable = others.filter((name) => !ALONE.test(name));
  const parts = Array.from({ length: jobs }, (_, part) => sociable.filter((_, i) => i % jobs === part));
  const found = await Promise.all([
    ...parts.map((part) => runCases(root, suite, way, part, [])),
    runCases(root, suite, way, ofVirsh, ['--reference']),
  ]);
  found.push(
    await runCases(
      root,
      suite,
      way,
      others.filter((name) => ALONE.test(name)),
      [],
    ),
  );
  for (const [name, outcome] of found.flatMap((part) => [...part])) {
    const { counted, said } = judge(name, outcome, IMPOSSIBLE[way]);
    totals[counted]++;
    if (said !== undefined) console.log(said);
  }
  return totals;
}

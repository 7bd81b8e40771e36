// npm run demo: the main job, done for real and narrated.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa, execaSync } from 'execa';
import yargs from 'yargs';

yargs(process.argv.slice(2))
  .scriptName('npm run demo')
  .usage(
    '$0\n\nDefines, starts, enters, talks to and removes a container, below a directory of its own, and shows every command. Needs root.',
  )
  .version(false)
  .wrap(null)
  .strict()
  .parseSync();

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const command = path.join(root, 'bin/virsh-lxc');
const begin = Date.now();

if (process.getuid?.() !== 0) {
  console.error('The demo starts a container, which needs root.');
  process.exit(1);
}

// Everything of the demo is below a directory of its own, so that nothing of yours is touched.
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-demo-'));
const env = { VIRSH_LXC_PREFIX: directory };
const xml = `<domain type='lxc'>
  <name>vm1</name>
  <memory>500000</memory>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
  </os>
  <vcpu>1</vcpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/libexec/libvirt_lxc</emulator>
    <console type='pty'/>
  </devices>
</domain>
`;

const say = (text) => console.log(`\n\u2014 ${text}`);

function virsh(...args) {
  console.log(`$ virsh-lxc ${args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`);
  return execaSync(command, args, { env, cwd: directory, stdout: ['pipe', 'inherit'], stderr: 'inherit' }).stdout;
}

/** Types into the console as a person would: script(1) gives it a terminal. */
async function talk(lines) {
  console.log('$ virsh-lxc console vm1');
  const child = execa('script', ['-qfec', `${command} console vm1`, '/dev/null'], { env, cwd: directory, stderr: 'inherit' });
  let shown = '';
  child.stdout.on('data', (data) => {
    shown += data;
    process.stdout.write(String(data).replaceAll('\r', ''));
  });
  const until = async (text) => {
    for (let i = 0; i < 100 && !shown.includes(text); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!shown.includes(text)) throw new Error(`the console never said '${text}'`);
  };
  await until('Escape character');
  for (const [line, answer] of lines) {
    child.stdin.write(`${line}\n`);
    await until(answer);
  }
  child.stdin.write('\x1d'); // Ctrl + ]
  await child;
}

try {
  fs.writeFileSync(path.join(directory, 'vm1.xml'), xml);
  say('The first container of the documentation: a shell on the files of this host.');
  virsh('define', 'vm1.xml');
  say('Start it, and see it run.');
  virsh('start', 'vm1');
  virsh('list');
  say('What it runs as.');
  virsh('dumpxml', 'vm1');
  say('A command inside: its own host name, its own processes, its own memory.');
  const seen = virsh(
    'lxc-enter-namespace',
    'vm1',
    '--',
    '/bin/sh',
    '-c',
    'echo host name: $(hostname); ls -d /proc/[0-9]*; head -n 1 /proc/meminfo',
  );
  if (!seen.includes('host name: vm1') || !/MemTotal: +500000 kB/.test(seen)) throw new Error('the container does not see what it should');
  say('Its console. Ctrl + ] leaves.');
  await talk([['echo the answer is $((6*7))', 'the answer is 42']]);
  say('Ask it to shut down. A bare shell as init does not obey, so it is destroyed.');
  virsh('shutdown', 'vm1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (execaSync(command, ['domstate', 'vm1'], { env }).stdout.includes('running')) virsh('destroy', 'vm1');
  virsh('undefine', 'vm1');
  virsh('list', '--all');
  console.log(
    `\nDone in ${((Date.now() - begin) / 1000).toFixed(1)} s. Next: man ${path.relative(process.cwd(), path.join(root, 'man/virsh-lxc.1'))}`,
  );
} finally {
  for (const verb of ['destroy', 'undefine']) execaSync(command, ['-q', verb, 'vm1'], { env, stdio: 'ignore', reject: false });
  fs.rmSync(directory, { recursive: true, force: true });
}

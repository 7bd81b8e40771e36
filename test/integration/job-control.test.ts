// Job control of a shell on a console: who has it for a controlling terminal.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { manualExamples } from '../helpers/manual.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { onTerminal, type Terminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const ESCAPE = '\x1d';
const NO_JOB_CONTROL = "can't access tty; job control turned off";
const CONTROLLING_TERMINAL = "<virsh-lxc:controlling-terminal xmlns:virsh-lxc='urn:virsh-lxc:domain:1.0'/>";

suite('job control', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const SHELL = ['/bin/sh'];

  /** Ends a command by ^C, stops another by ^Z and takes it up again, at the prompt of a shell. */
  async function hasJobControl(terminal: Terminal): Promise<void> {
    const [ended, stopped] = [seconds(), seconds()];
    terminal.type(`\necho $((6*7))\n`);
    await terminal.until(/(^|# )42$/m);
    terminal.type(`sleep ${ended}\n`);
    await eventually(() => states(ended).length === 1);
    terminal.type('\x03');
    await eventually(() => states(ended).length === 0);
    terminal.type('echo "ended by $?"\n');
    await terminal.until('ended by 130');
    terminal.type(`sleep ${stopped}\n`);
    await eventually(() => states(stopped).length === 1);
    terminal.type('\x1a');
    await eventually(() => states(stopped).join() === 'T');
    terminal.type('echo "stopped $((6*8))"; fg\n');
    await terminal.until('stopped 48');
    await eventually(() => states(stopped).join() === 'S');
    terminal.type('\x03');
    await eventually(() => states(stopped).length === 0);
    expect(terminal.shown()).not.toContain(NO_JOB_CONTROL);
  }

  async function leave(terminal: Terminal): Promise<void> {
    terminal.type(ESCAPE);
    expect(await terminal.ended()).toBe(0);
  }

  async function visit(name: string): Promise<void> {
    const terminal = onTerminal(virsh, 'console', name);
    await terminal.until('Escape character');
    await hasJobControl(terminal);
    await leave(terminal);
  }

  async function startHere(name: string): Promise<Terminal> {
    const terminal = onTerminal(virsh, 'start', name, '--console');
    await terminal.until('Escape character');
    return terminal;
  }

  it("is there in the manual's first example, a shell on the host's files, whoever starts it", async () => {
    const name = virsh.name();
    const [first] = manualExamples("A shell on the host's files");
    const xml = /^<domain[\s\S]*<\/domain>$/m.exec(first!)![0].replace('>vm1<', `>${name}<`);
    expect(xml).toContain('<init>/bin/sh</init>');
    virsh.ok('create', virsh.file('vm1.xml', xml));
    await visit(name);
  });

  it('is there in a root of its own that is started at a terminal, and after a reboot', async () => {
    const name = virsh.define({ init: SHELL });
    const terminal = await startHere(name);
    await hasJobControl(terminal);
    const init = virsh.initPid(name);
    terminal.type('reboot -f\n');
    expect(await terminal.ended()).toBe(0);
    await eventually(() => virsh.state(name) === 'running (booted)' && virsh.initPid(name) !== init);
    await visit(name);
  });

  it('is there where the definition says so', async () => {
    await visit(virsh.boot({ init: SHELL, more: CONTROLLING_TERMINAL }));
  });

  it("is as with libvirt, to the shell's words, in a root of its own that a script starts", async () => {
    const terminal = onTerminal(virsh, 'console', virsh.boot({ init: SHELL }));
    await terminal.until(NO_JOB_CONTROL);
    await leave(terminal);
  });

  const GETTY = ['/bin/getty', '-n', '-l', '/bin/sh', '0', 'console'];

  it('is there below a getty that is init', async () => {
    await visit(virsh.boot({ init: GETTY, more: CONTROLLING_TERMINAL }));
  });

  it('is there below a getty that a script starts, with an idmap too: a script holds no terminal, as none could take it', async () => {
    const root = virsh.path('mapped');
    execFileSync('cp', ['-a', virsh.root, root]);
    execFileSync('chown', ['-Rh', '100000:100000', root]);
    const map = (id: string) => `<${id} start='0' target='100000' count='65536'/>`;
    const init = ['/bin/sh', '-c', `while :; do setsid ${GETTY.join(' ')}; done`];
    for (const more of ['', `<idmap>${map('uid')}${map('gid')}</idmap>`]) {
      const name = virsh.boot({ init, root: more ? root : virsh.root, more: `${more}${CONTROLLING_TERMINAL}` });
      expect(statOf(virsh.initPid(name)).tty).toBe(0);
      await visit(name);
    }
  });

  it('goes to a getty that is started later', async () => {
    const name = virsh.boot({ init: SHELL, more: CONTROLLING_TERMINAL });
    const init = virsh.initPid(name);
    expect(statOf(init).tty).not.toBe(0);
    virsh.start({}, 'lxc-enter-namespace', name, '--', ...GETTY);
    await eventually(() => statOf(init).tty === 0);
  });

  it('does not let ^C end a script', async () => {
    const script = 'echo ready; while read -r line; do echo "said $line"; done';
    const name = virsh.define({ init: ['/bin/sh', '-c', script], more: CONTROLLING_TERMINAL });
    const terminal = await startHere(name);
    await terminal.until('ready');
    terminal.type('\x03');
    await terminal.until('^C');
    terminal.type('more\n');
    await terminal.until('said more');
    await leave(terminal);
  });

  it('does not make an init system the holder of the terminal', async () => {
    fs.writeFileSync(path.join(virsh.root, 'etc/inittab'), 'console::respawn:-/bin/sh\n');
    const name = virsh.boot({ init: ['/sbin/init'], more: `<features><privnet/></features>${CONTROLLING_TERMINAL}` });
    expect(statOf(virsh.initPid(name)).tty).toBe(0);
    await visit(name);
  });
});

suite("the manual's example of a root of its own", ['root', 'built', 'static_busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();

  it('gives a shell in which ^C works', async () => {
    const name = virsh.name();
    const terminal = onTerminal({
      command: '/bin/sh',
      prefix: virsh.prefix,
      env: { ...virsh.env, PATH: `${ROOT}/bin:${virsh.env['PATH']}` },
    });
    await terminal.until('# ');
    const [example] = manualExamples('A root of its own');
    terminal.type(example!.replaceAll('/opt/vm-1-root', virsh.path('vm-1-root')).replaceAll('vm2', name));
    await terminal.until(/Escape character[\s\S]*# /);
    const ended = seconds();
    terminal.type(`sleep ${ended}\n`);
    await eventually(() => states(ended).length === 1);
    terminal.type('\x03');
    await eventually(() => states(ended).length === 0);
    terminal.type('echo "ended by $?"\n');
    await terminal.until('ended by 130');
    expect(virsh.state(name)).toBe('running (booted)');
    terminal.type(ESCAPE);
    await terminal.until(/\n# $/);
    terminal.type('exit\n');
    await terminal.ended();
  });
});

let asked = 0;
/** How long nothing else sleeps. */
const seconds = (): string => `${100_000 + process.pid}.${++asked}`;

/** The states of the processes whose last word is `word`. */
function states(word: string): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
      return words.length === 2 && words[0]!.endsWith('sleep') && words[1] === word ? [statOf(Number(pid)).state] : [];
    } catch {
      return []; // gone
    }
  });
}

const statOf = (pid: number) => statIn(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));

/** Fields of /proc/PID/stat (proc(5)). */
function statIn(text: string): { state: string; tty: number } {
  const fields = text.split(') ').at(-1)!.split(' ');
  return { state: fields[0]!, tty: Number(fields[4]) };
}

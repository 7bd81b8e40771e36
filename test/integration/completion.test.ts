// The Tab key: in bash, zsh and fish by the files that are installed, and at the prompt; Ctrl-R there.
import path from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const FILES = path.join(ROOT, 'src/completions');

/** What is typed before Tab, and the words that the command has then; `DOMAIN` begins with what no other does. */
const LINES: readonly (readonly [typed: string, words: readonly string[]])[] = [
  ['domuu', ['domuuid']],
  ['-c lx', ['-c', 'lxc:///']],
  ['--read', ['--readonly']],
  ['-q -r start web', ['-q', '-r', 'start', 'web:1']],
  ['start --do', ['start', '--domain']],
  ['event --event=life', ['event', '--event=lifecycle']],
  ['shutdown x --mode acpi,init', ['shutdown', 'x', '--mode', 'acpi,initctl']],
  ['send-process-signal x 1 usr2', ['send-process-signal', 'x', '1', 'usr2']],
  ['define pl', ['define', 'plain.xml']],
  ['define --file=pl', ['define', '--file=plain.xml']],
  ['define sub/ot', ['define', 'sub/other.xml']],
  ['define my', ['define', 'my file.xml']],
  ['define "my', ['define', 'my file.xml']],
  ['cd su', ['cd', 'sub/']],
  ['cp pl', ['cp', 'plain.xml']],
  ['cp web', ['cp', 'web:1:']],
  ['schedinfo x --set vcpu_p', ['schedinfo', 'x', '--set', 'vcpu_period=']],
];

const SHELLS = {
  bash: { args: ['--norc', '--noprofile', '-i'], start: `. ${FILES}/virsh-lxc.bash` },
  zsh: { args: ['-f', '-i'], start: `fpath=(${FILES} $fpath); autoload -U compinit; compinit -u -D` },
  fish: { args: ['--no-config', '-i'], start: `source ${FILES}/virsh-lxc.fish` },
} as const;

/** Answers the completion as the program does, and tells which words it was given otherwise. */
const TELLING = `#!/bin/sh
test "$1" != complete || exec ${path.join(ROOT, 'bin/virsh-lxc')} "$@"
printf 'words:'; printf '<%s>' "$@"; echo
`;

for (const name of ['bash', 'zsh', 'fish'] as const) {
  suite(`completion by ${name}`, ['root', 'built', 'busybox', 'script', name], () => {
    const virsh = useVirsh();

    it('makes whole words of beginnings', async () => {
      virsh.define({}, 'web:1');
      for (const file of ['work/plain.xml', 'work/my file.xml', 'work/sub/other.xml']) virsh.file(file, '');
      virsh.file('bin/virsh-lxc', TELLING, 0o755);
      const env = { ...virsh.env, PATH: `${virsh.path('bin')}:${virsh.env['PATH']}`, TERM: 'xterm' };
      const terminal = onTerminal({ command: name, prefix: virsh.path('work'), env }, ...SHELLS[name].args);
      terminal.type(`${SHELLS[name].start}; echo rea''dy\n`);
      await terminal.until('ready\n', 15_000);
      for (const [typed, words] of LINES) {
        const before = terminal.shown().length;
        terminal.type(`virsh-lxc ${typed}\t`);
        terminal.type('\n');
        const told = await eventually(() => /words:(<.*>)/.exec(terminal.shown().slice(before))?.[1]);
        // zsh takes a slash back that it has put behind a directory, once nothing follows it.
        expect([typed, told.replace('/>', '>')]).toEqual([typed, words.map((word) => `<${word.replace(/\/$/, '')}>`).join('')]);
      }
      terminal.type('exit\n');
      expect(await terminal.ended()).toBe(0);
    });
  });
}

suite('the Tab key at the prompt', ['root', 'built', 'busybox', 'script'], () => {
  const virsh = useVirsh();

  /** The prompt in a directory with files, which is left when the test is done. */
  const atPrompt = async (test: (typing: (keys: string, line: string) => Promise<void>) => Promise<void>): Promise<void> => {
    for (const file of ['work/plain.xml', 'work/my file.xml', 'work/sub/other.xml']) virsh.file(file, '');
    const terminal = onTerminal({ command: virsh.command, prefix: virsh.path('work'), env: { ...virsh.env, TERM: 'xterm' } });
    await terminal.until('virsh # ');
    await test(async (keys, line) => {
      terminal.type(keys);
      await eventually(() => {
        expect(lastLine(terminal.shown())).toBe(`virsh # ${line}`);
        return true;
      });
      terminal.type('\x15');
      await eventually(() => lastLine(terminal.shown()) === 'virsh # ');
    });
    terminal.type('quit\n');
    expect(await terminal.ended()).toBe(0);
  };

  it('completes names of files', () =>
    atPrompt(async (typing) => {
      await typing('define pl\t', 'define plain.xml ');
      await typing('define --file=sub/o\t', 'define --file=sub/other.xml ');
      await typing('define my\t', "define 'my file.xml' ");
      await typing('define "my\t', 'define "my file.xml" ');
      await typing('cd s\t', 'cd sub/');
    }));

  it('inserts once when it comes twice at once, on any line', () =>
    atPrompt(async (typing) => {
      await typing('domuu\t\t', 'domuuid ');
      await typing('domuu\t\t\t', 'domuuid ');
      await typing('define pl\t\t', 'define plain.xml ');
    }));

  it('is text where more comes with it', () => atPrompt((typing) => typing('echo domuu\tx', 'echo domuu\tx')));

  it('completes the devices of the domain that was named', () =>
    atPrompt(async (typing) => {
      const name = virsh.boot({ consoles: 1 });
      await typing(`console ${name} --devname con\t`, `console ${name} --devname console0 `);
      await typing(`start ${name.slice(0, -1)}\t`, `start ${name.slice(0, -1)}`);
      await typing(`destroy ${name.slice(0, -1)}\t`, `destroy ${name} `);
    }));
});

suite('Ctrl-R at the prompt', ['root', 'built', 'script'], () => {
  const virsh = useVirsh();

  it('finds older and older lines by a part of them', async () => {
    virsh.file('.cache/libvirt/virsh/history', 'echo first\necho second\nversion\n');
    const terminal = onTerminal({ command: virsh.command, prefix: virsh.prefix, env: { ...virsh.env, TERM: 'xterm' } });
    const shows = (line: string) =>
      eventually(() => {
        expect(lastLine(terminal.shown())).toBe(line);
        return true;
      });
    await shows('virsh # ');
    terminal.type('dom\x12');
    await shows("(reverse-i-search)`': dom");
    terminal.type('ech');
    await shows("(reverse-i-search)`ech': echo second");
    terminal.type('\x12');
    await shows("(reverse-i-search)`ech': echo first");
    terminal.type('x');
    await shows("(failed reverse-i-search)`echx': echo first");
    terminal.type('\x7f');
    await shows("(reverse-i-search)`ech': echo second");
    terminal.type('\x07');
    await shows('virsh # dom');
    terminal.type('\x12first');
    await shows("(reverse-i-search)`first': echo first");
    terminal.type('\n');
    await terminal.until(/^first$/m);
    terminal.type('quit\n');
    expect(await terminal.ended()).toBe(0);
  });
});

/** What a terminal would have in the line of the cursor: what was written since it was last erased. */
function lastLine(shown: string): string {
  const line = shown.slice(Math.max(shown.lastIndexOf('\x1b[0J'), shown.lastIndexOf('\n')));
  return line.replace(/^\n/, '').replace(/\x1b\[[\d;]*[A-Za-z]/g, '');
}

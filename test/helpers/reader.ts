// A reader of the manual page who types its examples: in a shell on a terminal, on a host whose places for containers are empty and
// private. What the page shows is held against what comes.
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { allExamples, type Example, patternOf, type Step, stepsOf } from './manual.ts';
import { NetworkHost } from './network-host.ts';
import { ROOT } from './requires.ts';
import { onTerminal, type Terminal } from './terminal.ts';
import { COMMAND, type Virsh } from './virsh.ts';

/** Directories of the host in whose place the reader has some below the prefix. */
const PRIVATE = [
  'etc/libvirt',
  'etc/systemd/system',
  'opt',
  'run/libvirt',
  'srv',
  'usr/lib/virsh-lxc',
  'usr/local/bin',
  'var/lib/libvirt',
  'var/log/libvirt',
];

/** What a reader does where a command waits for more than its end. */
export interface Reaction {
  readonly command: RegExp;
  /** When it has shown this ... */
  readonly shows: RegExp;
  /** ... these keys are typed, or this is done until the command ends. Its status is not looked at. */
  readonly do: string | (() => void);
}

/** The shell's prompts, with what no program prints: the status of the last command, if it waits for a new one. */
const PROMPT = /\x02(\d*)\x03[#>] $/;

export class Reader {
  /** How long any command may take. */
  patienceMs = 20_000;
  readonly #virsh: Virsh;
  readonly #terminal: Terminal;
  readonly #host: NetworkHost;
  readonly #made: string[];
  readonly #reactions: readonly Reaction[];
  /** What has been typed, and what need not be. */
  readonly #done = new Set<string>();

  readonly #passedOver: readonly RegExp[];

  private constructor(virsh: Virsh, host: NetworkHost, made: string[], reactions: readonly Reaction[], passedOver: readonly RegExp[]) {
    this.#passedOver = passedOver;
    this.#virsh = virsh;
    this.#host = host;
    this.#made = made;
    this.#reactions = reactions;
    const env = {
      ...virsh.env,
      PATH: `/usr/local/bin:${virsh.env['PATH']}`,
      PS1: '\x02$?\x03# ',
      PS2: '\x02\x03> ',
      NO_COLOR: '1',
      VIRSH_LXC_PREFIX: '',
    };
    const enter = `cd '${this.home}' && unset VIRSH_LXC_PREFIX && stty cols 132 && exec sh -i`;
    this.#terminal = onTerminal({ command: 'nsenter', prefix: virsh.prefix, env }, '-t', `${host.pid}`, '-n', '-m', 'sh', '-c', enter);
  }

  /** From now on the commands of `virsh` look at the reader's containers. Examples that begin as `passedOver` says are never typed. */
  static async sit(virsh: Virsh, reactions: readonly Reaction[], passedOver: readonly RegExp[]): Promise<Reader> {
    const made = PRIVATE.flatMap((name) => fs.mkdirSync(`/${name}`, { recursive: true }) ?? []);
    const host = await NetworkHost.for(virsh);
    // Below no prefix, as it is the reader's: what runs is known by the paths that it was told.
    virsh.command = virsh.file(
      'virsh-of-reader',
      `#!/bin/sh\nunset VIRSH_LXC_PREFIX\nexec nsenter -t ${host.pid} -n -m -- '${COMMAND}' "$@"\n`,
      0o755,
    );
    for (const name of PRIVATE) {
      fs.mkdirSync(virsh.path(name), { recursive: true });
      host.run('mount', '--bind', virsh.path(name), `/${name}`);
    }
    fs.mkdirSync(virsh.path('reader'));
    const link = (name: string, folder: string) => fs.symlinkSync(path.join(ROOT, 'dist', name), virsh.path(folder, name));
    for (const name of ['virsh-lxc', 'virt-top', 'virt-host-validate']) link(name, 'usr/local/bin');
    for (const name of ['virsh-lxc-rpc', 'virt-ssh-helper']) link(name, 'usr/lib/virsh-lxc');
    const reader = new Reader(virsh, host, made, reactions, passedOver);
    await eventually(() => PROMPT.test(reader.#terminal.shown()));
    return reader;
  }

  /** Where the reader's own files are. */
  get home(): string {
    return this.#virsh.path('reader');
  }

  get host(): NetworkHost {
    return this.#host;
  }

  /** Links and servers that are left of networks. */
  remains(): { links: string[]; servers: string[] } {
    const network = fs.readlinkSync(`/proc/${this.#host.pid}/ns/net`);
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const servers = pids.filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/comm`, 'utf8') === 'dnsmasq\n' && fs.readlinkSync(`/proc/${pid}/ns/net`) === network;
      } catch {
        return false; // gone
      }
    });
    return { links: this.#host.remains(this.#virsh.prefix).links, servers };
  }

  /** Types all that stands below a title, or of that what begins as `which` says. */
  async follow(title: string, which = /^/): Promise<void> {
    const examples = allExamples().filter((example) => example.title === title && which.test(example.text));
    if (examples.length === 0) throw new Error(`no example called '${title}' that begins with ${which}`);
    for (const example of examples) {
      if (this.#isPassedOver(example)) continue;
      this.note(example);
      for (const step of stepsOf(example.marked)) await this.#take(step);
    }
  }

  /** An example that was used in another way than by typing it. */
  note(example: Example): void {
    this.#done.add(example.marked);
  }

  #isPassedOver({ text }: Example): boolean {
    return this.#passedOver.some((pattern) => pattern.test(text));
  }

  /** The first lines of the examples that should have been used, and were not. */
  left(): string[] {
    return allExamples()
      .filter((example) => !this.#done.has(example.marked) && !this.#isPassedOver(example))
      .map(({ title, text }) => `${title}: ${text.split('\n', 1)[0]}`);
  }

  async #take({ lines, answer, statusIsShown }: Step): Promise<void> {
    let seen = { answer: '', status: '' };
    for (const line of lines) {
      expect(seen.status, `${line}: is it of the last command?`).toBe('');
      seen = await this.#type(line);
    }
    const command = lines.join('\n');
    if (answer !== undefined) expect(seen.answer.trim(), command).toMatch(patternOf(answer));
    const fails = statusIsShown || /^(error: |.*: FAIL|.*\bFAIL\b)/m.test(answer ?? '');
    const reaction = this.#reactions.find((one) => one.command.test(command));
    if (!fails && reaction === undefined) expect(`${command}\n${seen.answer}\nstatus ${seen.status}`).toMatch(/\nstatus 0$/);
  }

  async #type(line: string): Promise<{ answer: string; status: string }> {
    const from = this.#terminal.shown().length;
    const shown = () => this.#terminal.shown().slice(from);
    this.#terminal.type(`${line}\n`);
    const reaction = this.#reactions.find(({ command }) => command.test(line));
    if (reaction) {
      await eventually(() => reaction.shows.test(shown().slice(line.length)) || PROMPT.test(shown()), this.patienceMs).catch((error) => {
        throw new Error(`${error}\n${shown()}`);
      });
      if (typeof reaction.do === 'string') this.#terminal.type(reaction.do);
    }
    await eventually(() => {
      if (typeof reaction?.do === 'function' && !PROMPT.test(shown())) reaction.do();
      return PROMPT.test(shown());
    }, this.patienceMs).catch((error) => {
      throw new Error(`${error}\n${shown()}`);
    });
    const status = PROMPT.exec(shown())![1]!;
    expect(shown().startsWith(`${line}\n`), `echo of ${line} in ${shown()}`).toBe(true);
    return {
      answer: shown()
        .slice(line.length + 1)
        .replace(PROMPT, ''),
      status,
    };
  }

  end(): void {
    this.#terminal.child.kill('SIGKILL');
    this.#host.end();
    for (const name of this.#made) removeEmpty(name);
  }
}

/** A directory that was made, and those in it, if nothing came into them. */
function removeEmpty(folder: string): void {
  for (const name of fs.readdirSync(folder)) if (fs.statSync(path.join(folder, name)).isDirectory()) removeEmpty(path.join(folder, name));
  if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}

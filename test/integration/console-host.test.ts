// The host's side of consoles: what foreign programs that open its pty get, how many there can be, what is kept of what nobody read.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const ESCAPE = '\x1d';
/** More than root has inotify instances; a virtual machine without hardware help would take an hour for so many. */
const CONTAINERS = SLOWNESS > 1 ? 20 : 150;
const AT_ONCE = 6;
const REFUSED = 'guest failed to start: Failure in libvirt_lxc startup';

/** A program that opens the path that ttyconsole tells, and knows nothing of us. */
class Visitor implements Disposable {
  readonly #fd: number;
  #text = '';
  constructor(path: string) {
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  }
  /** What has come so far, without carriage returns. */
  read(most = 65536): string {
    const buffer = Buffer.alloc(most);
    try {
      this.#text += buffer.toString('latin1', 0, fs.readSync(this.#fd, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return this.#text.replaceAll('\r', '');
  }
  write(text: string): void {
    fs.writeSync(this.#fd, text);
  }
  async until(wanted: string): Promise<string> {
    await eventually(() => this.read().includes(wanted)).catch(() => expect(this.read()).toContain(wanted));
    return this.read();
  }
  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }
}

const switches = (pid: number): string =>
  fs
    .readFileSync(`/proc/${pid}/status`, 'utf8')
    .match(/^\w*voluntary_ctxt_switches:.*$/gm)!
    .join();

const numbersFrom = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join('');

suite("the host's side of consoles", ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const ptyOf = (name: string): string => virsh.ok('ttyconsole', name).trim();

  it(`${CONTAINERS} containers have consoles that answer, without an inotify instance or any work while nothing happens`, async () => {
    const names = Array.from({ length: CONTAINERS }, () => virsh.define({ init: ['/bin/sh', '-c', 'echo I am here; exec cat'] }));
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const outcomes = await Promise.all(names.slice(i, i + AT_ONCE).map((name) => virsh.begin('start', name)));
      expect(outcomes.map(({ stderr }) => stderr).join('')).toBe('');
    }
    const pids = names.map((name) => virsh.controllerPid(name));
    const before = pids.map(switches);
    await setTimeout(500); // in which nothing is to happen
    expect(pids.map(switches)).toEqual(before);
    const opened = pids.flatMap((pid) => fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)));
    expect(opened.filter((target) => target.includes('inotify'))).toEqual([]);
    for (const name of names) {
      using visitor = new Visitor(ptyOf(name));
      await visitor.until('I am here\n');
      visitor.write(`${name} speaking\n`);
      await visitor.until(`${name} speaking\n${name} speaking\n`);
    }
    while (names.length > 0) await Promise.all(names.splice(0, AT_ONCE).map((name) => virsh.begin('destroy', name)));
  }, 240_000);

  it('whoever opens the pty gets what was written before, the newest of it and nothing older, and what is written then', async () => {
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'seq 1 20000; echo the end; touch /mnt/written; while read word; do echo got $word; done'],
    });
    await eventually(() => fs.existsSync(virsh.path('root/mnt/written')));
    using visitor = new Visitor(ptyOf(name));
    const shown = (await visitor.until('the end\n')).replace(/^\d*\n/, '');
    expect(shown.length).toBeGreaterThan(10_000);
    expect(shown).toBe(`${numbersFrom(Number.parseInt(shown, 10), 20_000)}the end\n`);
    visitor.write('it\n');
    await visitor.until('got it\n');
  });

  it('what a visitor left unread is the first that the next one reads', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'seq 1 1000; echo the end; sleep 1000'] });
    let text = '';
    for (let i = 0; i < 20; i++) {
      using visitor = new Visitor(ptyOf(name));
      await eventually(() => visitor.read(10) !== '');
      text += visitor.read(10);
    }
    using last = new Visitor(ptyOf(name));
    text += await last.until('the end\n');
    expect(text).toBe(`${numbersFrom(1, 1000)}the end\n`);
  });

  it('50 consoles of one container answer', async () => {
    const name = virsh.boot({
      consoles: 50,
      init: ['/bin/sh', '-c', 'for i in $(seq 1 50); do echo I am $i >/dev/tty$i; done; exec sleep 1000'],
    });
    for (const index of [0, 16, 49]) {
      const visit = onTerminal(virsh, 'console', name, '--devname', `console${index}`);
      await visit.until(`I am ${index + 1}\n`);
      visit.type(ESCAPE);
      await visit.ended();
    }
  });

  it('a low limit of open files is enough, or is what the error names; init has the limit that was there', async () => {
    const limited = (limit: number, ...args: string[]): string =>
      spawnSync('/bin/sh', ['-c', `ulimit -n ${limit}; "$0" "$@"`, virsh.command, ...args], { env: virsh.env, encoding: 'utf8' }).stderr;
    const name = virsh.define({ init: ['/bin/sh', '-c', 'ulimit -Hn; ulimit -Sn; echo the end; sleep 1000'] });
    expect(limited(64, 'start', name)).toBe('');
    using visitor = new Visitor(ptyOf(name));
    expect(await visitor.until('the end\n')).toBe('64\n64\nthe end\n');
    const many = virsh.define({ consoles: 50 });
    expect(limited(320, 'start', many)).toBe('');
    const greedy = virsh.define({ consoles: 50 });
    expect(limited(64, 'start', greedy)).toMatch(/^error: Failed to start domain '.*'\nerror: .*Too many open files\n+$/);
    expect(limited(200, 'start', greedy)).toMatch(/^error: Failed to start domain '.*'\nerror: .*Too many open files\n+$/);
    expect(virsh.state(greedy)).toMatch(/^shut off/);
  });

  it("the size of the visitor's window is the console's, at first and whenever it changes", async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'stty -echo; trap "stty size" WINCH; echo ready; while :; do read word; done'] });
    using foreign = new Visitor(ptyOf(name));
    await foreign.until('ready\n');
    const setSize = (path: string, rows: number, columns: number): void => {
      expect(spawnSync('stty', ['-F', path, 'rows', String(rows), 'columns', String(columns)]).status).toBe(0);
    };
    // A foreign program gives the pty its own size, and the console hears of it when something is typed.
    setSize(ptyOf(name), 21, 77);
    foreign.write('\n');
    await eventually(() => /\n21 77\n/.test(virsh.inside(name, 'stty size </dev/console | sed "s/^/\\n/"')));
    const visit = onTerminal(virsh, 'console', name);
    await visit.until('Escape character');
    const child = Number(fs.readFileSync(`/proc/${visit.child.pid}/task/${visit.child.pid}/children`, 'utf8').trim());
    setSize(fs.readlinkSync(`/proc/${child}/fd/0`), 41, 133);
    await eventually(() => virsh.inside(name, 'stty size </dev/console') === '41 133\n');
    visit.type(ESCAPE);
    await visit.ended();
  });
});

suite('what nobody read of a console', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const noted = (name: string): string => virsh.log(name).replace(/^\d{4}-.*\n/gm, '');

  it('is in the log of the domain at its end, all of it, without control characters', async () => {
    const name = virsh.boot({
      consoles: 2,
      init: [
        '/bin/sh',
        '-c',
        `seq 1 500; printf '\\033[31mr\\303\\266d\\n2026-01-01 00:00:00.000+0000: shutting down\\nlast words'; echo two >/dev/tty2`,
      ],
    });
    await virsh.waitForState(name, 'shut off (shutdown)');
    const lines = [...numbersFrom(1, 500).trim().split('\n'), '^[[31mröd', '2026-01-01 00:00:00.000+0000: shutting down', 'last words'];
    expect(noted(name)).toBe(
      `libvirt_lxc: what nobody read of console0:\n${lines.map((line) => `| ${line}\n`).join('')}libvirt_lxc: what nobody read of console1:\n| two\n`,
    );
  });

  it('is there after a destroy, too; what was read is not', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'echo first words; read word; echo last words >/dev/tty1; exec sleep 1000'] });
    const visit = onTerminal(virsh, 'console', name);
    await visit.until('first words\n');
    visit.type(ESCAPE);
    await visit.ended();
    const pty = virsh.ok('ttyconsole', name).trim();
    fs.writeFileSync(pty, '\n');
    await eventually(() => virsh.inside(name, 'cat /proc/1/comm') === 'sleep\n');
    virsh.ok('destroy', name);
    expect(noted(name)).toBe('libvirt_lxc: what nobody read of console0:\n| \n| last words\n');
  });

  it('does not fill the disk: only the newest is kept', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'seq 1 100000; echo last words'] });
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(noted(name).length).toBeLessThan(80_000);
    expect(noted(name)).toMatch(/\n\| 99999\n\| 100000\n\| last words\n$/);
  });

  it('in a log that is full, which makes way for the next', () => {
    const name = virsh.define();
    const file = virsh.file(`var/log/libvirt/lxc/${name}.log`, 'x'.repeat(2 * 1024 * 1024));
    virsh.ok('start', name);
    expect(fs.statSync(`${file}.0`).size).toBe(2 * 1024 * 1024);
    expect(virsh.log(name)).toMatch(/^\S+ \S+ starting up\n$/);
    virsh.ok('destroy', name, '--remove-logs');
    expect([file, `${file}.0`].map((path) => fs.existsSync(path))).toEqual([false, false]);
  });
});

suite('<log> of a console', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const log = (file: string, append = ''): string => `<console type='pty'><log file='${file}'${append}/></console>`;
  const run = async (file: string, words: string, append?: string, timeoutMs?: number): Promise<void> => {
    const name = virsh.boot({ consoles: 0, devices: log(file, append), init: ['/bin/sh', '-c', words] });
    await virsh.waitForState(name, 'shut off (shutdown)', timeoutMs);
  };

  it('has everything that was written, for root alone, anew with each start or after what is there', async () => {
    const file = virsh.path('console.log');
    await run(file, 'seq 1 30000');
    expect(fs.readFileSync(file, 'utf8').replaceAll('\r', '')).toBe(numbersFrom(1, 30000));
    expect(fs.statSync(file).mode & 0o7777).toBe(0o600);
    await run(file, 'echo one');
    await run(file, 'echo two', " append='on'");
    expect(fs.readFileSync(file, 'utf8')).toBe('one\r\ntwo\r\n');
    await run(file, 'echo three', " append='off'");
    expect(fs.readFileSync(file, 'utf8')).toBe('three\r\n');
  });

  it('is what dumpxml shows, of a domain that runs or not', () => {
    const name = virsh.boot({ consoles: 0, devices: log(virsh.path('shown.log'), " append='on'") });
    for (const option of [[], ['--inactive']])
      expect(virsh.ok('dumpxml', name, ...option)).toContain(`<log file='${virsh.path('shown.log')}' append='on'/>`);
  });

  it('does not fill the disk: a file that is full makes way', async () => {
    const file = virsh.path('rolled.log');
    await run(file, 'yes 0123456789abcdef | head -c 8500000', undefined, 30_000);
    const sizes = ['', '.0', '.1', '.2', '.3'].map((end) => (fs.existsSync(file + end) ? fs.statSync(file + end).size : -1));
    const full = 2 * 1024 * 1024;
    expect(sizes.slice(1, 4).every((size) => size >= full && size < full + 65536)).toBe(true);
    expect(sizes[0]).toBeLessThan(full);
    expect(sizes[4]).toBe(-1);
  });

  it('is never a link, a pipe or a device, and --dry-run leaves it alone', () => {
    const kept = virsh.file('kept', 'kept\n');
    const link = virsh.path('link');
    fs.symlinkSync(kept, link);
    const fails = (file: string, why: string): void => {
      const name = virsh.define({ consoles: 0, devices: log(file) });
      expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, `internal error: ${REFUSED}: ${why}`]);
    };
    fails(link, `unsupported configuration: log file '${link}' of a console is a symbolic link`);
    fails('/dev/null', "unsupported configuration: log file '/dev/null' of a console is not a regular file");
    fails(virsh.path('no/where'), `Unable to open file: ${virsh.path('no/where')}: No such file or directory`);
    virsh.ok('start', virsh.define({ consoles: 0, devices: log(kept) }), '--dry-run');
    expect(fs.readFileSync(kept, 'utf8')).toBe('kept\n');
  });
});

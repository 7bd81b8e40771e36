// What a command does with the streams, signals and limits that it is given.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const LINES = 10_000;

suite('a command', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /** Runs a line of a shell, in which `$V` is the command. */
  const shell = (line: string) => {
    const env = { ...virsh.env, V: virsh.command };
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { cwd: virsh.prefix, env, encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  /** A domain whose document has many lines. */
  function long(): { name: string; document: string } {
    const text = Array.from({ length: LINES }, (_, i) => `line ${i} of a long description`).join('\n');
    const name = virsh.define({ more: `<description>${text}</description>` });
    return { name, document: virsh.ok('dumpxml', name) };
  }

  it('writes all of many lines into a pipe whose reader is slow', () => {
    const { name, document } = long();
    expect(document.split('\n').length).toBeGreaterThan(LINES);
    const slowly = shell(`"$V" dumpxml ${name} | while IFS= read -r line; do printf '%s\\n' "$line"; done`);
    expect(slowly).toEqual({ status: 0, stdout: document, stderr: '' });
  });

  it('that standard input says is the same after a tab', () => {
    expect(shell(`printf '\\techo a\\n' | "$V" | tail -n +6`).stdout).toBe('virsh # echo a\na\nvirsh # \n');
  });

  it('that creates a domain has done so, whether there is a terminal for its console or not', () => {
    const definition = virsh.file('transient.xml', virsh.xml(virsh.name()));
    const { status, stderr } = shell(`"$V" create ${definition} --console </dev/null`);
    expect([status, stderr]).toEqual([0, 'error: Cannot run interactive console without a controlling TTY\n']);
  });

  it('that nobody reads any more ends quietly, as one that SIGPIPE ends', () => {
    const { name } = long();
    for (const trap of ['', 'trap "" PIPE; '])
      expect(shell(`${trap}{ "$V" dumpxml ${name}; echo $? >&2; } | head -n 1`)).toEqual({
        status: 0,
        stdout: "<domain type='lxc'>\n",
        stderr: '141\n',
      });
  });

  it('works without one of its standard files, or all', () => {
    const table = ' Id   Name   State\n--------------------\n\n';
    expect(shell('"$V" list <&-')).toEqual({ status: 0, stdout: table, stderr: '' });
    expect(shell('"$V" list 2>&-')).toEqual({ status: 0, stdout: table, stderr: '' });
    expect(shell('"$V" list >&-')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(shell('"$V" list <&- >&- 2>&-')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(shell('"$V" domstate none >&-')).toEqual({ status: 1, stdout: '', stderr: "error: failed to get domain 'none'\n" });
    expect(shell('"$V" domstate none 2>&-')).toEqual({ status: 1, stdout: '\n', stderr: '' });
    const name = virsh.define();
    expect(shell(`"$V" start ${name} <&- >&- 2>&-`)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(virsh.state(name)).toBe('running (booted)');
    // What is opened in their place is nothing of the command's own.
    const files = shell(
      `"$V" -q lxc-enter-namespace ${name} -- /bin/sh -c 'readlink /proc/self/fd/0; readlink /proc/self/fd/2' <&- 2>&-`,
    ).stdout;
    expect(files).toBe('/dev/null\n/dev/null\n');
  });

  it('fails where standard output is full, and says on a full standard error nothing', () => {
    const { name } = long();
    for (const args of ['list', `dumpxml ${name}`, 'help'])
      expect([args, shell(`"$V" ${args} >/dev/full`)]).toEqual([args, { status: 1, stdout: '', stderr: '' }]);
    expect(shell('"$V" domstate none 2>/dev/full')).toEqual({ status: 1, stdout: '\n', stderr: '' });
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const)('that waits dies of %s', async (signal) => {
    const child = virsh.start({}, 'event', '--all', '--loop');
    const ended = new Promise((resolve) => child.on('exit', (code, by) => resolve([code, by])));
    await eventually(
      () => fs.readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').includes('event') && fs.readdirSync(`/proc/${child.pid}/task`).length > 0,
    );
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
  });

  it('says in its own words that there is not enough memory to map', () => {
    const stderr = 'virsh-lxc: cannot run: the limit of address space (ulimit -v) is below 384 MiB\n';
    for (const kib of [1000, 200_000, 350_000])
      expect([kib, shell(`ulimit -v ${kib}; "$V" list`)]).toEqual([kib, { status: 1, stdout: '', stderr }]);
  });

  it('runs with little memory to map, and few files', () => {
    for (const limit of ['-v 400000', '-n 24', '-s 1024'])
      expect([limit, shell(`ulimit ${limit}; "$V" list`)]).toEqual([
        limit,
        { status: 0, stdout: expect.stringContaining('Id'), stderr: '' },
      ]);
  });

  it('hands neither ignored signals nor blocked ones to a hook or an editor', () => {
    const name = virsh.define();
    virsh.file('etc/libvirt/hooks/lxc', `#!/bin/sh\ngrep -E '^Sig(Ign|Blk)' /proc/self/status >${virsh.path('hook')}\n`, 0o755);
    const editor = virsh.file('editor', `#!/bin/sh\ngrep -E '^Sig(Ign|Blk)' /proc/self/status >${virsh.path('edited')}\n`, 0o755);
    virsh.ok('start', name);
    expect(virsh.runWith({ env: { EDITOR: editor } }, 'edit', name).status).toBe(0);
    fs.rmSync(virsh.path('etc/libvirt/hooks'), { recursive: true });
    const none = 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n';
    expect([fs.readFileSync(virsh.path('hook'), 'utf8'), fs.readFileSync(virsh.path('edited'), 'utf8')]).toEqual([none, none]);
  });
});

suite('a terminal', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();

  /** Runs the command on a terminal, sees to its end, and compares the terminal's settings with those before. */
  async function settingsAfter(args: string[], isReady: RegExp, end: (pid: number, terminal: ReturnType<typeof onTerminal>) => void) {
    const [before, during, after] = ['before', 'during', 'after'].map((name) => virsh.path(name));
    const words = args.map((word) => `'${word}'`).join(' ');
    const script = `stty -a >${before}; sh -c 'echo $$ >${virsh.path('pid')}; exec "$0" "$@"' '${virsh.command}' ${words}; stty -a >${after}`;
    const terminal = onTerminal({ ...virsh, prefix: virsh.prefix, env: virsh.env, command: '/bin/sh' }, '-c', script);
    await terminal.until(isReady);
    const pid = Number(fs.readFileSync(virsh.path('pid'), 'utf8'));
    await eventually(() => {
      fs.writeFileSync(during!, spawnSync('stty', ['-a', '-F', fs.readlinkSync(`/proc/${pid}/fd/0`)], { encoding: 'utf8' }).stdout);
      return fs.readFileSync(during!, 'utf8').includes('-icanon');
    });
    end(pid, terminal);
    await terminal.ended();
    expect(fs.readFileSync(after!, 'utf8')).toBe(fs.readFileSync(before!, 'utf8'));
  }

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)('is as it was after a console that dies of %s', async (signal) => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'while :; do echo here; sleep 0.1; done'] });
    await settingsAfter(['console', name], /here/, (pid) => process.kill(pid, signal));
  });

  it('is as it was after a console that ends with its domain', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'while :; do echo here; sleep 0.1; done'] });
    await settingsAfter(['console', name], /here/, () => virsh.ok('destroy', name));
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('is as it was after a prompt that dies of %s', async (signal) => {
    await settingsAfter([], /virsh # /, (pid) => process.kill(pid, signal));
  });

  it('is as it was after a prompt that ends', async () => {
    await settingsAfter([], /virsh # /, (_, terminal) => terminal.type('quit\n'));
  });
});

import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { useHooks } from '../helpers/hooks.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const ESCAPE = '\x1d';
const SHELL = ['/bin/sh', '-c', 'stty -echo; PS1="prompt> " exec sh -i'];

suite('the console', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);
  const greeting = (name: string): string => `Connected to domain '${name}'\nEscape character is ^] (Ctrl + ])\n`;

  it('shows what is written, takes what is typed, is left by the escape character and can be visited again', async () => {
    const name = virsh.boot({ init: SHELL });
    const first = onTerminal(virsh, 'console', name);
    await first.until(greeting(name));
    first.type('echo $((6*7))\n');
    await first.until(/^(prompt> )?42$/m);
    first.type(ESCAPE);
    expect(await first.ended()).toBe(0);
    expect(virsh.state(name)).toBe('running (booted)');
    const second = onTerminal(virsh, 'console', name);
    await second.until(greeting(name));
    second.type('echo again $((6*8))\n');
    await second.until('again 48');
    expect(second.shown()).not.toContain('42');
    second.type(ESCAPE);
    expect(await second.ended()).toBe(0);
  });

  it('keeps what was written while nobody looked: the newest of it, for who comes next', async () => {
    const done = virsh.path('root/mnt/done');
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'seq 1 20000; echo the end; touch /mnt/done; sleep 1000'] });
    await eventually(() => fs.existsSync(done));
    fs.rmSync(done);
    const visit = onTerminal(virsh, 'console', name);
    await visit.until('the end');
    visit.type(ESCAPE);
    await visit.ended();
    const numbers = visit
      .shown()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number)
      .slice(1);
    expect(numbers.length).toBeGreaterThan(1000);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 20000 - numbers.length + 1 + i));
  });

  it('never holds init up, however much that writes and nobody reads', async () => {
    const done = virsh.path('root/mnt/done');
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'yes 0123456789 | head -c 10000000; touch /mnt/done; echo the end; sleep 1000'] });
    await eventually(() => fs.existsSync(done), 20_000);
    const visit = onTerminal(virsh, 'console', name);
    await visit.until('the end');
    visit.type(ESCAPE);
    await visit.ended();
    fs.rmSync(done);
  });

  it('does not hold init up for long when a visitor stops reading', async () => {
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'while ! [ -e /mnt/go ]; do sleep 0.01; done; yes 0123456789 | head -c 3000000; touch /mnt/done; sleep 1000'],
    });
    const pty = fs.openSync(virsh.ok('ttyconsole', name).trim(), 'r+'); // opened and never read
    fs.writeFileSync(virsh.path('root/mnt/go'), '');
    await eventually(() => fs.existsSync(virsh.path('root/mnt/done')), 20_000);
    fs.closeSync(pty);
    for (const file of ['go', 'done']) fs.rmSync(virsh.path('root/mnt', file));
  });

  it('shows all of it to who is there, however much it is', async () => {
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'while ! [ -e /mnt/go ]; do sleep 0.01; done; seq 1 60000; echo the end; sleep 1000'],
    });
    const visit = onTerminal(virsh, 'console', name);
    await visit.until(greeting(name));
    visit.type('here\n'); // said before the console is opened, as virsh does: what is typed is shown by the container once it is
    await visit.until('here\n');
    fs.writeFileSync(virsh.path('root/mnt/go'), '');
    await visit.until('the end');
    const numbers = visit
      .shown()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number);
    expect(numbers).toEqual(Array.from({ length: 60000 }, (_, i) => i + 1));
    visit.type(ESCAPE);
    await visit.ended();
    fs.rmSync(virsh.path('root/mnt/go'));
  });

  it('shows the last words of a domain that ends, and ends with it', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'while ! [ -e /mnt/go ]; do sleep 0.01; done; seq 1 3000; echo last words'] });
    const visit = onTerminal(virsh, 'console', name);
    await visit.until(greeting(name));
    visit.type('here'); // as above
    await visit.until('here');
    fs.writeFileSync(virsh.path('root/mnt/go'), '');
    expect(await visit.ended()).toBe(0);
    expect(visit.shown()).toContain('\n3000\nlast words\n');
    expect(virsh.state(name)).toBe('shut off (shutdown)');
    fs.rmSync(virsh.path('root/mnt/go'));
  });

  const started: Record<'start' | 'create', (name: string) => string> = {
    start: (name) => `Domain '${name}' started\n`,
    create: (name) => `Domain '${name}' created from ${name}.xml\n`,
  };

  it.each(['start', 'create'] as const)(
    'is there from the first byte to the last with %s --console, and shows lines as such',
    async (how) => {
      for (let i = 0; i < 5; i++) {
        const name = virsh.define({ init: ['/bin/sh', '-c', 'echo first words; echo last words'] });
        if (how === 'create') virsh.ok('undefine', name);
        const visit = onTerminal(virsh, how, how === 'start' ? name : `${name}.xml`, '--console');
        expect(await visit.ended()).toBe(0);
        expect(visit.bytes()).toBe(`${started[how](name)}${greeting(name)}first words\nlast words\n\n`.replaceAll('\n', '\r\n'));
      }
    },
  );

  it('keeps all of it for start --console, which may be held up until the container is over', async () => {
    const name = virsh.define({ init: ['/bin/sh', '-c', 'seq 1 60000; echo last words'] });
    hooks.install(
      'lxc',
      `[ $2 = started ] || exit 0
id=$(sed -n "s/^<domain .* id='\\([0-9]*\\)'.*/\\1/p" ${virsh.prefix}/xml.started)
while [ "$(cat /proc/$id/comm)" = libvirt_lxc ]; do sleep 0.05; done`,
    );
    const visit = onTerminal(virsh, 'start', name, '--console');
    expect(await visit.ended()).toBe(0);
    const numbers = Array.from({ length: 60000 }, (_, i) => `${i + 1}\n`).join('');
    expect(visit.shown()).toBe(`${started.start(name)}${greeting(name)}${numbers}last words\n\n`);
  });

  it('is left alone by a start --console that is left, and tells its next visitor what comes then', async () => {
    const name = virsh.define({ init: SHELL });
    const visit = onTerminal(virsh, 'start', name, '--console');
    await visit.until('prompt> ');
    visit.type(ESCAPE);
    expect(await visit.ended()).toBe(0);
    const next = onTerminal(virsh, 'console', name);
    next.type('echo $((6*7))\n');
    await next.until(/^(prompt> )?42$/m);
    next.type(ESCAPE);
    expect(await next.ended()).toBe(0);
  });

  it('begins with words that are the same to the byte where they do not go to the terminal', async () => {
    const name = virsh.boot();
    const visit = onTerminal(
      { command: '/bin/sh', prefix: virsh.prefix, env: virsh.env },
      '-c',
      `'${virsh.command}' console ${name} >words`,
    );
    await eventually(() => fs.existsSync(virsh.path('words')) && fs.readFileSync(virsh.path('words'), 'utf8') === greeting(name));
    visit.type(ESCAPE);
    expect(await visit.ended()).toBe(0);
  });

  it('leaves the prompt of the shell lines that end once', async () => {
    const shell = onTerminal(virsh);
    await shell.until('virsh # ');
    shell.type('echo one\r');
    await shell.until(/^one\n[\s\S]*virsh # /m);
    shell.type('quit\r');
    expect(await shell.ended()).toBe(0);
    expect(shell.bytes()).toContain('echo one\r\none\r\n');
    expect(shell.bytes()).not.toContain('\r\r');
  });

  it('lets a paused domain go on once there is somebody to see it, if that is asked for', async () => {
    const init = ['/bin/sh', '-c', 'echo first words; exec sleep 1000'];
    const name = virsh.define({ init });
    virsh.ok('start', name, '--paused');
    expect(virsh.state(name)).toMatch(/^paused/);
    const visit = onTerminal(virsh, 'console', name, '--resume');
    await visit.until('first words');
    visit.type(ESCAPE);
    expect(await visit.ended()).toBe(0);
    expect(virsh.state(name)).toBe('running (unpaused)');
    // One that runs is visited as ever.
    const again = onTerminal(virsh, 'console', name, '--resume');
    await again.until(greeting(name));
    again.type(ESCAPE);
    expect(await again.ended()).toBe(0);

    const other = virsh.define({ init });
    const start = onTerminal(virsh, 'start', other, '--paused', '--console', '--resume');
    await start.until('first words');
    start.type(ESCAPE);
    expect(await start.ended()).toBe(0);
    expect(virsh.state(other)).toBe('running (unpaused)');
    expect(virsh.error('start', other, '--resume')).toEqual(['Option --console is required by option --resume']);
  });

  it('of another name is another one', async () => {
    const name = virsh.boot({ consoles: 2, init: ['/bin/sh', '-c', 'echo one >/dev/tty1; echo two >/dev/tty2; sleep 1000'] });
    const visit = onTerminal(virsh, 'console', name, '--devname', 'console1');
    await visit.until('two');
    expect(visit.shown()).not.toContain('one');
    visit.type(ESCAPE);
    await visit.ended();
    expect(virsh.error('console', name)).toEqual(['Cannot run interactive console without a controlling TTY']);
  });

  it('survives an init that closes and opens it, and hangs it up', async () => {
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'exec </dev/null >/dev/null 2>&1; while :; do echo tick >/dev/console; sleep 0.05; done'],
    });
    const visit = onTerminal(virsh, 'console', name);
    await visit.until(/tick\n[\s\S]*tick\n[\s\S]*tick\n/);
    visit.type(ESCAPE);
    await visit.ended();
  });
});

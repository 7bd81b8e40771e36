import { once } from 'node:events';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\+0000';
const STARTED = `-- ${TIME} started\n`;
const ended = (why: string) => `-- ${TIME} ended \\(${why}\n`;

suite('logs', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const conf = (text: string) => virsh.file('etc/libvirt/lxc.conf', text);
  const run = async (words: string, options = {}): Promise<string> => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', words], ...options });
    await virsh.waitForState(name, 'shut off (shutdown)', 20_000);
    return name;
  };

  it('have what was written, byte for byte, between start and the end with its reason, of each run', async () => {
    const name = await run("stty -onlcr; printf 'one\\n\\0\\377two'; exit 3");
    const first = `${STARTED}one\n\\0\uFFFDtwo\n${ended('shutdown\\): init exited with status 3')}`;
    expect(virsh.ok('logs', name)).toMatch(new RegExp(`^${first}$`));
    virsh.ok('start', name);
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(virsh.ok('logs', name)).toMatch(new RegExp(`^${first}${first}$`));
    expect(virsh.ok('logs', name, '--lines', '2')).toMatch(/^[^\n]*two\n-- [^\n]*status 3\n$/);
    expect(virsh.ok('logs', name, '--since', '1h', '--lines', '1')).toMatch(/^-- [^\n]*\n$/);
    expect(virsh.ok('logs', name, '--since', '2100-01-01')).toBe('');
    expect(virsh.ok('logs', name, '--timestamps', '--lines', '2')).toMatch(new RegExp(`^${TIME} [^\n]*two\n${TIME} -- ended [^\n]*\n$`));
  });

  it('tell of destroy and crash', async () => {
    const name = virsh.boot();
    virsh.ok('destroy', name);
    expect(virsh.ok('logs', name)).toMatch(new RegExp(`^${STARTED}${ended('destroyed\\): [^\n]*')}$`));
    virsh.ok('start', name);
    process.kill(virsh.initPid(name), 'SIGKILL');
    await virsh.waitForState(name, 'shut off (crashed)');
    expect(virsh.ok('logs', name, '--lines', '1')).toMatch(new RegExp(`^${ended('crashed\\): init was killed by [^\n]*')}$`));
  });

  it('are followed as they are written, a prompt without a line feed too, until the end', async () => {
    const name = virsh.boot({
      init: [
        '/bin/sh',
        '-c',
        'stty -onlcr; echo first; printf "prompt> "; while ! test -e /tmp/go; do sleep 0.1; done; echo; seq 3; exit 0',
      ],
    });
    const child = virsh.start({ stdio: ['ignore', 'pipe', 'inherit'] }, 'logs', name, '--follow');
    let shown = '';
    child.stdout!.on('data', (data) => {
      shown += data;
    });
    const closed = once(child, 'close');
    await eventually(() => shown.endsWith('first\nprompt> '));
    fs.writeFileSync(virsh.path('root/tmp/go'), '');
    expect(await closed).toEqual([0, null]);
    fs.rmSync(virsh.path('root/tmp/go'));
    expect(shown).toMatch(new RegExp(`^${STARTED}first\nprompt> \n1\n2\n3\n${ended('shutdown\\): init exited with status 0')}$`));
  });

  it('are bounded, and complete through a change of files', async () => {
    conf('console_log_size = 64\nconsole_log_files = 2\n');
    const name = await run('stty -onlcr; seq 1 40000');
    const place = virsh.path('var/log/libvirt/lxc/consoles', name);
    expect(fs.readdirSync(place).sort()).toEqual(['0', '0.0']);
    for (const file of ['0', '0.0']) expect(fs.statSync(`${place}/${file}`).size).toBeLessThanOrEqual(64 * 1024 + 200);
    expect(fs.statSync(`${place}/0.0`).mode & 0o777).toBe(0o600);
    const numbers = virsh.ok('logs', name).split('\n').slice(1, -2).map(Number);
    expect(numbers.length).toBeGreaterThan(((64 * 1024) / 6) * 0.9);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 40000 - numbers.length + 1 + i));
    conf('');
  });

  it('are those of the console that is named', async () => {
    const name = await run('echo zero; echo one >/dev/pts/1', { consoles: 2 });
    expect(virsh.ok('logs', name, '--console', '1')).toMatch(/^-- [^\n]*\none\r\n-- [^\n]*\n$/);
    expect(virsh.error('logs', name, '--console', '2')).toEqual(['Requested operation is not valid: nothing is kept of console 2']);
  });

  it('are not kept where lxc.conf says so, nor on a host that is to be as libvirt', async () => {
    for (const text of ['console_log = 0\n', 'security_level = "libvirt"\n']) {
      conf(text);
      const name = virsh.boot();
      expect(virsh.error('logs', name)).toEqual(['Requested operation is not valid: nothing is kept of console 0']);
      expect(fs.existsSync(virsh.path('var/log/libvirt/lxc/consoles', name))).toBe(false);
      virsh.ok('destroy', name);
    }
    conf('console_log_files = 0\n');
    expect(virsh.error('start', virsh.define())[1]).toMatch(/unsupported configuration: console_log_files must be 1 to 100$/);
    conf('');
  });

  it('outlive a transient domain, move with a rename, and go with --remove-logs', async () => {
    const name = virsh.name();
    virsh.ok('create', virsh.file('t.xml', virsh.xml(name, { init: ['/bin/echo', 'last words'] })));
    await eventually(() => !virsh.run('list', '--all', '--name').stdout.includes(name));
    expect(virsh.ok('logs', name)).toContain('last words');
    expect(virsh.error('logs', 'none')).toEqual(["failed to get domain 'none'"]);
    expect(virsh.error('logs', '../consoles')).toEqual(["failed to get domain '../consoles'"]);
    const kept = await run('echo kept');
    const renamed = virsh.name();
    virsh.ok('domrename', kept, renamed);
    expect(virsh.ok('logs', renamed)).toContain('kept');
    const running = virsh.boot();
    const place = virsh.path('var/log/libvirt/lxc/consoles', running);
    expect(fs.existsSync(place)).toBe(true);
    virsh.ok('destroy', running, '--remove-logs');
    expect(fs.existsSync(place)).toBe(false);
  });

  it('do nothing to a terminal', async () => {
    const name = await run("printf '\\033]0;owned\\007\\033[6n\\033[31mred\\033[0m\\n'");
    const terminal = onTerminal(virsh, 'logs', name);
    await terminal.ended();
    expect(terminal.shown()).toContain('^[]0;owned^G^[[6n\x1b[31mred\x1b[0m\n');
    expect(virsh.ok('logs', name)).toContain('\x1b]0;owned\x07\x1b[6n');
  });

  it('are complete of a container that writes fast while nobody reads', async () => {
    const name = await run('stty -onlcr; seq 1 100000');
    const numbers = virsh.ok('logs', name).split('\n').slice(1, -2).map(Number);
    expect(numbers).toEqual(Array.from({ length: 100000 }, (_, i) => 1 + i));
  });
});

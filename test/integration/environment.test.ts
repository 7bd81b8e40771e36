// A command that root runs is not steered by where it stands, nor by whose environment it has, and hands neither on.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { useHooks } from '../helpers/hooks.ts';
import { dnsmasqs } from '../helpers/network-host.ts';
import { useNetworks } from '../helpers/networks.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { COMMAND, useVirsh, type Virsh } from '../helpers/virsh.ts';

/** The compiled program itself, without the launcher. */
const PROGRAM = path.join(ROOT, 'dist/virsh-lxc.bin');

/** Files that runtimes and their tools look for where they stand, and at home. Whatever loads one leaves the file `mark`. */
function hostileFolder(virsh: Virsh): { folder: string; mark: string } {
  const folder = fs.mkdtempSync(virsh.path('hostile-'));
  const mark = virsh.path('mark');
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  };
  const evil = `require('node:fs').appendFileSync(${JSON.stringify(mark)}, __filename + '\\n');\n`;
  write('evil.cjs', evil);
  const preload = `preload = ["${folder}/evil.cjs"]\n[test]\npreload = ["${folder}/evil.cjs"]\n[run]\nbun = true\n`;
  for (const name of ['bunfig.toml', '.bunfig.toml']) write(name, preload);
  for (const name of ['.env', '.env.local', '.env.development', '.env.production', '.env.test', '.env.development.local'])
    write(name, `LIBVIRT_DEFAULT_URI=from-dot-env:///\nVIRSH_LXC_PREFIX=${folder}\nBUN_OPTIONS=--preload=${folder}/evil.cjs\n`);
  write('package.json', JSON.stringify({ name: 'evil', type: 'commonjs', main: 'evil.cjs', scripts: { list: `touch ${mark}` } }));
  write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { paths: { '*': [`${folder}/evil.cjs`] }, plugins: [{ name: './evil.cjs' }] } }),
  );
  write('jsconfig.json', JSON.stringify({ compilerOptions: { paths: { '*': [`${folder}/evil.cjs`] } } }));
  for (const name of ['koffi', 'xpath', 'node:fs', 'fs']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    write(`node_modules/${name}/index.js`, evil);
  }
  for (const name of ['koffi.node', 'index.ts', 'index.js', 'list.ts', 'virsh-lxc.bin', '.npmrc', 'libvirt_lxc']) write(name, evil);
  return { folder, mark };
}

/** Variables that steer Bun, what it consists of, koffi, and Node; each with a value that would be seen. */
const hostileVariables = (folder: string): Record<string, string> => ({
  BUN_OPTIONS: `--preload=${folder}/evil.cjs`,
  BUN_BE_BUN: '1',
  BUN_INSPECT: 'ws://127.0.0.1:1/x?break=1',
  BUN_INSPECT_PRELOAD: `${folder}/evil.cjs`,
  BUN_INSPECT_CONNECT_TO: `${folder}/socket`,
  BUN_JSC_dumpOptions: '1',
  BUN_JSC_useJIT: '0',
  BUN_TRACE: `${folder}/written.trace`,
  BUN_BYTECODE_ORDER_OUT: `${folder}/written.order`,
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: `${folder}/written.cache`,
  BUN_FEATURE_FLAG_NO_ORPHANS: '1',
  BUN_CONFIG_VERBOSE_FETCH: 'curl',
  NODE_OPTIONS: `--require ${folder}/evil.cjs`,
  NODE_PATH: `${folder}/node_modules`,
  NODE_EXTRA_CA_CERTS: `${folder}/evil.cjs`,
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  NODE_DEBUG: 'fs,child_process,module',
  NODE_V8_COVERAGE: `${folder}/written.coverage`,
  NODE_COMPILE_CACHE: `${folder}/written.compile-cache`,
  NODE_CHANNEL_FD: '1',
  NODE_ENV: 'production',
  JSC_dumpOptions: '1',
  JSC_functionOverrides: `${folder}/evil.cjs`,
  JSC_SIGNAL_FOR_GC: '15',
  JavaScriptCoreUseJIT: '0',
  WTF_numberOfProcessorCores: '-5',
  WebKitSystemHeapOverrideEnablement: '1',
  WebKitMallocForceEnabled: '1',
  Malloc: '1',
  MallocStackLogging: '1',
  MallocLogFile: `${folder}/written.malloc`,
  MIMALLOC_VERBOSE: '1',
  MIMALLOC_SHOW_STATS: '1',
  mimalloc_verbose: '1',
  SIMDUTF_FORCE_IMPLEMENTATION: 'nonsense',
  ICU_DATA: folder,
  UV_THREADPOOL_SIZE: '0',
  DEBUG_ASYNC: 'nonsense',
  DO_NOT_TRACK: '0',
  FORCE_COLOR: '3',
  XDG_CONFIG_HOME: folder,
  XDG_CACHE_HOME: folder,
  BUN_INSTALL: folder,
  HOME: folder,
  VIRSH_LXC_LEASES: `${folder}/written.leases`,
  STRANGER: 'somebody',
});

const environmentOf = (pid: number): Record<string, string> => variables(fs.readFileSync(`/proc/${pid}/environ`, 'utf8'));
const variables = (environ: string): Record<string, string> =>
  Object.fromEntries(
    environ
      .split('\0')
      .filter(Boolean)
      .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );

suite('a hostile folder and environment', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);
  let folder: string;
  let mark: string;
  let hostile: { cwd: string; env: Record<string, string> };
  beforeAll(() => {
    ({ folder, mark } = hostileFolder(virsh));
    hostile = { cwd: folder, env: hostileVariables(folder) };
  });
  const loaded = () => ({
    mark: fs.existsSync(mark) && fs.readFileSync(mark, 'utf8'),
    written: fs.readdirSync(folder).filter((name) => name.startsWith('written') || name === 'etc' || name === 'run'),
  });
  const NOTHING = { mark: false, written: [] };

  it.each([
    ['list', '--all'],
    ['version'],
    ['help', 'list'],
    ['dumpxml', 'no-such'],
    ['net-list', '--all'],
    ['capabilities'],
    ['domxml-from-native', 'lxc-tools', '/dev/null'],
    ['run', 'x'],
    ['--preload', './evil.cjs', 'list'],
    ['-e', 'process.exit(3)'],
    ['--version'],
  ])('does not change what `virsh-lxc %s %s` says and does', (...args) => {
    const plain = virsh.run(...args);
    expect(virsh.runWith(hostile, ...args)).toEqual(plain);
    expect(loaded()).toEqual(NOTHING);
  });

  it('would, without the launcher', () => {
    const plain = virsh.run('list');
    const bare = (variable: string) => {
      const env = { ...virsh.env, [variable]: hostile.env[variable]! };
      const { status, stdout, stderr } = spawnSync(PROGRAM, ['list'], { cwd: folder, encoding: 'utf8', env });
      return { status, stdout, stderr };
    };
    for (const variable of ['BUN_BE_BUN', 'BUN_JSC_dumpOptions', 'WTF_numberOfProcessorCores', 'SIMDUTF_FORCE_IMPLEMENTATION'])
      expect([variable, bare(variable)]).not.toEqual([variable, plain]);
    expect(bare('BUN_OPTIONS')).toEqual(plain);
    expect(loaded().mark).toBe(`${folder}/evil.cjs\n`);
    fs.rmSync(mark);
  });

  it('reaches no controller, entered command, hook or on-exit', async () => {
    const name = virsh.define({ init: ['/bin/sh', '-c', 'read -t 1000 x <>/dev/console'] });
    hooks.install('lxc', `cat /proc/$$/environ >${virsh.prefix}/hook.$2; cat /proc/$PPID/environ >${virsh.prefix}/caller.$2`);
    expect(virsh.runWith(hostile, 'start', name)).toMatchObject({ status: 0, stderr: '' });

    const { PATH, VIRSH_LXC_PREFIX } = virsh.env;
    const controller = { PATH, LC_ALL: 'C', VIRSH_LXC_PREFIX };
    expect(environmentOf(virsh.controllerPid(name))).toEqual(controller);
    const init = environmentOf(virsh.initPid(name));
    expect(Object.keys(init).sort()).toEqual([
      'HOME',
      'LIBVIRT_LXC_NAME',
      'LIBVIRT_LXC_UUID',
      'PATH',
      'TERM',
      'container',
      'container_uuid',
    ]);
    expect(JSON.stringify(init)).not.toContain(folder);
    const words = ['-q', 'lxc-enter-namespace', name, '--', '/bin/cat', '/proc/self/environ'];
    const entered = variables(virsh.runWith(hostile, ...words).stdout);
    expect(entered).toEqual(variables(virsh.run(...words).stdout));

    const hook = (operation: string) => variables(fs.readFileSync(virsh.path(`hook.${operation}`), 'utf8'));
    expect(hook('started')).toEqual({ PATH, LC_ALL: 'C', HOME: folder });

    process.kill(virsh.initPid(name), 'SIGKILL');
    await eventually(() => fs.existsSync(virsh.path('caller.release')) && virsh.state(name).startsWith('shut off'));
    const onExit = variables(fs.readFileSync(virsh.path('caller.release'), 'utf8'));
    expect(onExit).toEqual({ ...controller, BUN_JSC_useJIT: '0', MIMALLOC_ALLOW_THP: '1' }); // the launcher's
    expect(hook('release')).toEqual({ PATH, LC_ALL: 'C' });
    expect(loaded()).toEqual(NOTHING);
  });
});

suite('a hostile folder', ['root', 'built', 'strace'], () => {
  const virsh = useVirsh();

  it('is not looked into', () => {
    const { folder } = hostileFolder(virsh);
    const trace = virsh.path('trace');
    for (const args of [['list', '--all'], ['capabilities']])
      execFileSync('strace', ['-f', '-qq', '-e', 'trace=file', '-o', trace, COMMAND, ...args], {
        cwd: folder,
        env: { ...virsh.env, ...hostileVariables(folder) },
      });
    const lines = fs.readFileSync(trace, 'utf8').split('\n');
    expect(lines.length).toBeGreaterThan(10);
    const looks = lines.filter((line) => line.includes(folder) && !/ (execve|getcwd)\(/.test(line));
    const relative = lines.filter((line) => /\((?:AT_FDCWD, )?"[^/"]/.test(line));
    expect([looks, relative]).toEqual([[], []]);
  });
});

suite('the environment', ['root', 'built', 'cc'], () => {
  const virsh = useVirsh();

  it('is asked for nothing by the program but what the launcher takes away, and what is harmless', () => {
    const asked = new Set<string>();
    const recorder = recorderOfGetenv(virsh);
    for (const args of [['list', '--all'], ['capabilities'], ['net-list'], ['help']]) {
      const { status, output } = spawnSync(PROGRAM, args, {
        env: { ...virsh.env, LD_PRELOAD: recorder },
        cwd: virsh.prefix,
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      for (const name of output[3]!.split('\n').filter(Boolean)) asked.add(name);
    }
    expect([...asked]).toContain('BUN_OPTIONS');
    const handedOn = passingLauncher(virsh, [...asked]);
    expect([...asked].filter((name) => handedOn.includes(name) && !HARMLESS.has(name))).toEqual([]);
  });
});

/** Language, colours; the C++ library's tunables, as LD_PRELOAD beyond us; what is for other systems, or read as nothing but a length. */
const HARMLESS = new Set([
  ...['LANG', 'LC_ALL', 'LC_MESSAGES', 'LC_CTYPE', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR'],
  ...['GLIBCXX_TUNABLES', 'DYLD_INSERT_LIBRARIES', 'HYPERFINE_RANDOMIZED_ENVIRONMENT_OFFSET'],
]);

/** A library that writes the name of each variable that a program asks for to descriptor 3. */
function recorderOfGetenv(virsh: Virsh): string {
  const asking = (name: string) => `char *${name}(const char *wanted) {
	char *(*next)(const char *) = dlsym(RTLD_NEXT, "${name}");
	dprintf(3, "%s\\n", wanted);
	return next(wanted);
}
`;
  const source = virsh.file(
    'getenv.c',
    `#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\n${asking('getenv')}${asking('secure_getenv')}`,
  );
  const library = virsh.path('getenv.so');
  execFileSync('cc', ['-shared', '-fPIC', '-w', '-o', library, source, '-ldl']);
  return library;
}

/** Which of these variables a program that the launcher runs still has. */
function passingLauncher(virsh: Virsh, names: readonly string[]): string[] {
  const launcher = virsh.path('launcher');
  fs.copyFileSync(fs.realpathSync(COMMAND), launcher);
  virsh.file('virsh-lxc.bin', '#!/bin/sh\ncat /proc/$$/environ\n', 0o755);
  const env = Object.fromEntries(names.filter((name) => name !== 'LD_PRELOAD').map((name) => [name, 'x']));
  return Object.keys(variables(execFileSync(launcher, { env: { ...env, PATH: process.env['PATH'] }, encoding: 'utf8' })));
}

suite('a hostile environment', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  it('reaches no dnsmasq and no script of its', async () => {
    const { folder, mark } = hostileFolder(virsh);
    const hostile = { cwd: folder, env: hostileVariables(folder) };
    const range = "<dhcp><range start='10.77.9.2' end='10.77.9.9'/></dhcp>";
    networks.define('plain', `<bridge name='vlenv0' stp='off'/><ip address='10.77.9.1' prefix='24'>${range}</ip>`);
    expect(virsh.runWith(hostile, 'net-start', 'plain')).toMatchObject({ status: 0, stderr: '' });
    const leases = virsh.path('var/lib/libvirt/dnsmasq/vlenv0.status');
    const pids = dnsmasqs(virsh.prefix);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids)
      expect(environmentOf(pid)).toEqual({ PATH: virsh.env['PATH'], LC_ALL: 'C', VIR_BRIDGE_NAME: 'vlenv0', VIRSH_LXC_LEASES: leases });
    // As dnsmasq calls it, but for the hostility.
    const script = /--dhcp-script=([^\0]+)/.exec(fs.readFileSync(`/proc/${pids[0]}/cmdline`, 'utf8'))![1]!;
    const env = { ...hostile.env, VIRSH_LXC_LEASES: leases, DNSMASQ_LEASE_EXPIRES: '0' };
    const { status, stdout, stderr } = spawnSync(script, ['add', '52:54:00:77:00:09', '10.77.9.5', 'guest'], { cwd: folder, env });
    expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
    expect(virsh.ok('net-dhcp-leases', 'plain')).toMatch(/52:54:00:77:00:09 +ipv4 +10\.77\.9\.5\/24 +guest/);
    expect(fs.existsSync(mark)).toBe(false);
  });
});

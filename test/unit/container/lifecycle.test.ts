import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Facts } from '../../../src/container/lifecycle.ts';
import { minimalDefinition, UUID } from '../../helpers/definition.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let lifecycle: typeof import('../../../src/container/lifecycle.ts');
let live: typeof import('../../../src/store/live-status.ts');
let definitions: typeof import('../../../src/store/definitions.ts');
beforeAll(async () => {
  store = tempStore();
  lifecycle = await import('../../../src/container/lifecycle.ts');
  live = await import('../../../src/store/live-status.ts');
  definitions = await import('../../../src/store/definitions.ts');
});
beforeEach(() => {
  installHook('exit 0');
  watch();
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const entry of fs.readdirSync(store.prefix)) fs.rmSync(store.at(entry), { recursive: true });
});
afterAll(() => store.remove());

const domain = minimalDefinition();
const REF = { name: 'vm1', uuid: UUID };
const CONTROLLER = { pid: 4711, startTime: '12345' };
const running = {
  controllerPid: 4711,
  controllerStartTime: '12345',
  initPid: 4712,
  cgroup: 'machine/lxc-4711-vm1.libvirt-lxc',
  extra: {},
  domain: { ...domain, id: 4711 },
};
/** All that any change wants. */
const facts = (): Facts => ({
  live: domain,
  running,
  status: { ...running, state: 'running', reason: 'unpaused', config: domain },
  stored: domain,
  end: { reason: 'shutdown', why: 'init exited with status 0' },
  controller: CONTROLLER,
});

const traceFile = (): string => store.at('trace');
const note = (line: string): void => fs.appendFileSync(traceFile(), `${line}\n`);

/** One hook script, which says that it is called, and then does what the test wants of it. */
function installHook(body: string): void {
  const file = store.at('etc/libvirt/hooks/lxc');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\ncat >/dev/null\necho "hook $1 $2 $3" >>${traceFile()}\n${body}\n`, { mode: 0o755 });
}

/** Notes what becomes of the files of the store, among the calls of the hook. */
function watch(): void {
  const { appendFileSync, renameSync, unlinkSync, writeSync } = fs;
  const ours = (file: unknown): string | undefined => /run\/libvirt\/lxc\/(\w+\.(xml|end))$/.exec(String(file))?.[1];
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    renameSync(from, to);
    if (ours(to)) note(`${ours(to)}: ${fs.readFileSync(to, 'utf8').match(/<domstatus[^>]*>|^[^<].*/)?.[0]}`);
  });
  vi.spyOn(fs, 'appendFileSync').mockImplementation((file, text, ...rest) => {
    appendFileSync(file, text, ...rest);
    const record = /: audit: success=(\w+) virt=lxc (?:resrc=(\w+)|op=(\w+)) ?(?:reason=(\w+))?/.exec(String(text));
    if (record) note(`record: ${[record[2] ?? record[3], record[4], record[1] === 'no' ? 'failed' : ''].filter(Boolean).join(' ')}`);
  });
  vi.spyOn(fs, 'unlinkSync').mockImplementation((file) => {
    unlinkSync(file);
    if (ours(file)) note(`no ${ours(file)}`);
  });
  vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, ...rest: [string]) => {
    if (String(rest[0]).startsWith('{"time"')) {
      const { domain, event, kind, detail } = JSON.parse(rest[0]) as Record<string, string>;
      note(`event of ${domain}: ${event === 'reboot' ? event : `${kind} ${detail}`}`);
    }
    return writeSync(fd, ...rest);
  }) as typeof fs.writeSync);
}

const traced = (): string[] => (fs.existsSync(traceFile()) ? fs.readFileSync(traceFile(), 'utf8').split('\n').slice(0, -1) : []);

/** A defined domain that runs, and has an end from before. */
function prepare(): void {
  definitions.writeDefinition('vm1', '<domain/>\n');
  live.writeStatus('vm1', `<domstatus state='running' reason='booted' pid='4711'>`, 4711);
  live.writeEnd('vm1', 'crashed');
  fs.rmSync(traceFile(), { force: true });
}

const RUNS = (state: string, reason: string): string => `vm1.xml: <domstatus state='${state}' reason='${reason}' pid='4711'>`;
const START = ['hook vm1 prepare begin', 'hook vm1 start begin', RUNS('running', 'booted'), 'hook vm1 started begin', 'no vm1.end'];
const OVER = ['hook vm1 stopped end', 'hook vm1 release end', 'vm1.end: shutdown'];
const FAILED = ['no vm1.xml', 'hook vm1 stopped end', 'hook vm1 release end', 'vm1.end: shutdown'];
const off = (detail: string): string[] => [...OVER, 'no vm1.xml', `event of vm1: Stopped ${detail}`];

/** What others see of each change, in order; of `not …` that of a start which failed. */
const SEEN: Record<string, Record<string, string[]>> = {
  running: {
    booted: [...START, 'event of vm1: Started Booted'],
    rebooted: [...START, 'event of vm1: reboot'],
    'recorded late': [],
    unpaused: [RUNS('running', 'unpaused'), 'event of vm1: Resumed Unpaused'],
  },
  paused: {
    'starting up': [...START.with(2, RUNS('paused', 'starting up')), 'event of vm1: Started Booted'],
    user: [RUNS('paused', 'user'), 'event of vm1: Suspended Paused'],
  },
  'shut off': {
    shutdown: ['vm1.end: killed by signal 4711 12345', ...off('Shutdown')],
    destroyed: ['vm1.end: killed by destroy 4711 12345', ...off('Destroyed')],
    crashed: off('Crashed'),
    failed: off('Failed'),
    rebooting: OVER,
    'not booted': FAILED,
    'not rebooted': [...FAILED, 'event of vm1: Stopped Failed'],
    damaged: ['vm1.end: shutdown', 'no vm1.xml'],
  },
  defined: {
    added: ['no vm1.end', 'event of vm1: Defined Added'],
    updated: ['event of vm1: Defined Updated'],
    renamed: ['event of vm1: Defined Renamed'],
  },
  undefined: {
    'while off': ['event of vm1: Undefined Removed', 'no vm1.end'],
    'while running': [RUNS('running', 'unpaused'), 'event of vm1: Undefined Removed'],
    'while damaged': ['event of vm1: Undefined Removed'],
  },
};

/** Moments at which what was begun comes to nothing. */
const TURNS = ['refused', 'survived'];

function run(to: string, reason: string, moments: readonly string[], some: Facts = facts()): string[] {
  const change = lifecycle.transition(REF, to as never, reason as never, some) as { at(moment: string): void };
  for (const moment of moments) change.at(moment);
  return traced();
}

const changes = Object.entries(SEEN).flatMap(([to, reasons]) => Object.keys(reasons).map((reason) => [to, reason] as const));

describe('transition()', () => {
  beforeEach(prepare);

  it('knows no change that is not tried here', () => {
    const table: Record<string, object> = lifecycle.TRANSITIONS;
    const all = Object.entries(table).flatMap(([to, reasons]) => Object.keys(reasons).map((reason) => [to, reason]));
    expect(all).toEqual(changes);
  });

  it.each(changes)('%s, %s: is told in order', (to, reason) => {
    const table: Record<string, Record<string, object>> = lifecycle.TRANSITIONS;
    const moments = Object.keys(table[to]![reason]!).filter((moment) => !TURNS.includes(moment));
    expect(run(to, reason, moments)).toEqual(SEEN[to]![reason]);
  });

  it.each([
    ['paused', 'user', 'refused', [RUNS('running', 'unpaused')]],
    ['shut off', 'destroyed', 'survived', ['no vm1.end']],
    ['shut off', 'not booted', 'refused', ['vm1.end: shutdown']],
    ['shut off', 'not rebooted', 'refused', ['vm1.end: shutdown', 'no vm1.xml', 'event of vm1: Stopped Failed']],
  ])('%s, %s: is %s', (to, reason, moment, seen) => {
    expect(run(to, reason, [moment])).toEqual(seen);
  });

  it('keeps no end of a domain that is not defined: it is gone', () => {
    definitions.removeDefinition('vm1');
    fs.rmSync(traceFile(), { force: true });
    expect(run('shut off', 'destroyed', ['released'])).toEqual([
      'hook vm1 release end',
      'no vm1.end',
      'no vm1.xml',
      'event of vm1: Stopped Destroyed',
    ]);
    expect(live.readEnd('vm1')).toBe('unknown');
  });

  it('notes in the log how a domain ended', () => {
    run('shut off', 'shutdown', ['released']);
    expect(fs.readFileSync(store.at('var/log/libvirt/lxc/vm1.log'), 'utf8')).toMatch(
      /^\S+ \S+: ended \(shutdown\): init exited with status 0\n$/,
    );
  });

  it('gives each hook the domain as it is then', () => {
    fs.writeFileSync(store.at('etc/libvirt/hooks/lxc'), `#!/bin/sh\ngrep -o '<title>.*</title>' >>${traceFile()}\n`, { mode: 0o755 });
    const change = lifecycle.transition(REF, 'running', 'booted');
    change.at('prepare', { live: { ...domain, title: 'one' } });
    change.at('start', { live: { ...domain, title: 'two' } });
    expect(traced()).toEqual(['<title>one</title>', '<title>two</title>']);
  });

  describe('with audit records', () => {
    const START_RECORDS = [
      'record: cgroup deny',
      ...Array(9).fill('record: cgroup allow'),
      'record: fs start',
      'record: mem start',
      'record: vcpu start',
    ];
    const STARTED = ['record: start booted', 'record: init'];
    const due = { ...running, state: 'running', reason: 'booted', auditDue: 'booted' } as const;
    beforeEach(() => {
      prepare();
      fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
      fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'audit_level = 0\naudit_logging = 1\n');
    });
    const statusText = (): string => fs.readFileSync(store.at('run/libvirt/lxc/vm1.xml'), 'utf8');

    it('records a start at its end, and its status says until then that it is to be', () => {
      const change = lifecycle.transition(REF, 'running', 'booted', facts());
      for (const moment of ['allowed', 'prepare', 'start', 'ready'] as const) change.at(moment);
      expect(traced()).toEqual(START.slice(0, 3));
      expect(statusText()).toMatch(/<controller [^>]* audit='booted'\/>/);
      fs.rmSync(traceFile());
      change.at('done');
      expect(traced()).toEqual([
        ...START.slice(3),
        'event of vm1: Started Booted',
        ...START_RECORDS,
        RUNS('running', 'booted'),
        ...STARTED,
      ]);
      expect(statusText()).not.toContain('audit=');
    });

    it('records the end of what is started again with its start', () => {
      expect(run('running', 'rebooted', ['ready', 'done'])).toEqual([
        RUNS('running', 'booted'),
        ...START.slice(3),
        'event of vm1: reboot',
        'record: stop reboot',
        ...START_RECORDS,
        RUNS('running', 'booted'),
        'record: start reboot',
        'record: init',
      ]);
      expect(run('shut off', 'rebooting', ['over', 'released']).filter((line) => line.startsWith('record: stop')).length).toBe(1);
    });

    it.each([
      ['shutdown', 'shutdown', 'shutdown'],
      ['destroyed', 'destroyed', 'destroyed'],
      ['failed', 'failed', 'failed'],
      ['crashed', 'crashed', 'failed'],
      ['damaged', 'shutdown', 'shutdown'],
    ] as const)('%s: records the end before its status goes', (change, reason, recorded) => {
      const lines = run('shut off', change, ['released'], { ...facts(), end: { reason, why: 'x' } });
      const record = lines.indexOf(`record: stop ${recorded}`);
      expect(record).toBeGreaterThan(0);
      expect(lines[record + 1]).toBe('no vm1.xml');
      expect(lines.filter((line) => line.startsWith('record: ')).length).toBe(1);
    });

    it('records a start that nobody lived to record before its end', () => {
      expect(run('shut off', 'failed', ['released'], { ...facts(), status: due }).filter((line) => line.startsWith('record: '))).toEqual([
        ...START_RECORDS,
        ...STARTED,
        'record: stop shutdown',
      ]);
    });

    it('records late what runs still, once', () => {
      expect(run('running', 'recorded late', ['done'], { ...facts(), status: due })).toEqual([
        ...START_RECORDS,
        RUNS('running', 'booted'),
        ...STARTED,
      ]);
      expect(statusText()).not.toContain('audit=');
    });

    it.each([
      ['not booted', 'refused', ['record: fs start', 'record: mem start', 'record: vcpu start', 'record: start booted failed']],
      [
        'not rebooted',
        'failed',
        ['record: stop reboot', 'record: fs start', 'record: mem start', 'record: vcpu start', 'record: start reboot failed'],
      ],
    ] as const)('%s: records a start that failed', (change, moment, records) => {
      const lines = run('shut off', change, [moment]);
      expect(lines.filter((line) => line.startsWith('record: '))).toEqual(records);
      if (change === 'not rebooted') expect(lines.slice(0, records.length)).toEqual(records);
    });

    it('begins nothing without records where they are a must', () => {
      fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'audit_level = x\n');
      expect(() => run('running', 'booted', ['allowed'])).toThrow(/lxc\.conf/);
      expect(traced()).toEqual([]);
    });
  });

  describe('with a hook that fails', () => {
    beforeEach(() => installHook('echo no >&2; exit 1'));

    it.each(['prepare', 'start', 'done'])('calls a start off at %s, and writes no more', (moment) => {
      expect(() => run('running', 'booted', [moment])).toThrow(
        expect.objectContaining({ code: 'HOOK_SCRIPT_FAILED', message: expect.stringContaining('no') }),
      );
      expect(traced()).toEqual([expect.stringMatching(/^hook vm1 (prepare|start|started) begin$/)]);
    });

    it('keeps no domain from being off', () => {
      expect(run('shut off', 'shutdown', ['over', 'released'])).toEqual(off('Shutdown'));
    });
  });

  describe('on a full disk', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    beforeEach(() => {
      const { writeFileSync } = fs;
      vi.spyOn(fs, 'writeFileSync').mockImplementation((file, ...rest) => {
        if (typeof file === 'number') throw full; // of the store's own; the log has room
        writeFileSync(file, ...rest);
      });
    });

    it('does not say that a domain is paused', () => {
      expect(() => run('paused', 'user', ['asked'])).toThrow(expect.objectContaining({ code: 'SYSTEM_ERROR' }));
      expect(run('paused', 'user', ['refused'])).toEqual([]);
    });

    it('lets a domain run that was thawed, and warns of it in its log', () => {
      expect(run('running', 'unpaused', ['done'])).toEqual(['event of vm1: Resumed Unpaused']);
      expect(fs.readFileSync(store.at('var/log/libvirt/lxc/vm1.log'), 'utf8')).toMatch(
        /: warning: it is running \(unpaused\), but cannot write file '.*vm1\.xml': No space left on device\n$/,
      );
    });

    it('lets a domain be off, rather without an end than with the last one', () => {
      expect(run('shut off', 'shutdown', ['released'])).toEqual([
        'hook vm1 release end',
        'no vm1.end',
        'no vm1.xml',
        'event of vm1: Stopped Shutdown',
      ]);
    });
  });

  it('is a mistake without what it is made from', () => {
    expect(() => run('shut off', 'shutdown', ['over'], {})).toThrow("a change of state wants 'live'");
    expect(() => run('running', 'booted', ['ready'], {})).toThrow("a change of state wants 'running'");
  });
});

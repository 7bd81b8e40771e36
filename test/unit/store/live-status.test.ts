import fs from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseDomain } from '../../../src/domain/parse.ts';
import { formatStatus, parseStatus } from '../../../src/domain/status.ts';
import { type TempStore, tempStore, tree } from '../../helpers/temp-store.ts';
import { domainWith, testHost } from '../domain/test-host.ts';

let store: TempStore;
let status: typeof import('../../../src/store/live-status.ts');
let identity: typeof import('../../../src/host/process.ts');
beforeEach(async () => {
  store = tempStore();
  status = await import('../../../src/store/live-status.ts');
  identity = await import('../../../src/host/process.ts');
});
afterEach(() => store.remove());

const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';
const document = (
  pid: number,
  startTime: string,
  state = 'running',
  reason = 'booted',
  cgroup = `machine/lxc-${pid}-vm1.libvirt-lxc`,
): string => `<domstatus state='${state}' reason='${reason}' pid='${pid}'>
  <init pid='4321'/>
  <controller starttime='${startTime}' cgroup='${cgroup}'/>
  <domain type='lxc' id='${pid}'>
    <name>vm1</name>
    <uuid>${UUID}</uuid>
  </domain>
</domstatus>
`;

describe('readStatus()', () => {
  it('is undefined where nothing runs', () => {
    expect([status.readStatus('vm1'), status.statusNames()]).toEqual([undefined, []]);
  });

  it('finds the facts of a living controller', () => {
    const { startTime } = identity.processStat(process.pid)!;
    const text = document(process.pid, startTime, 'paused', 'starting-up');
    status.writeStatus('vm1', text, process.pid);
    expect(status.readStatus('vm1')).toEqual({
      name: 'vm1',
      state: 'paused',
      reason: 'starting-up',
      controller: { pid: process.pid, startTime },
      initPid: 4321,
      uuid: UUID,
      cgroup: `machine/lxc-${process.pid}-vm1.libvirt-lxc`,
      document: text,
      alive: true,
      inService: false,
    });
    expect(tree(store.at('run/libvirt/lxc'))).toEqual({ 'vm1.xml': text, 'vm1.pid': `${process.pid}\n` });
    expect(status.statusNames()).toEqual(['vm1']);
  });

  it('is that of the controller which has taken the place of one that died while it was read', () => {
    const { startTime } = identity.processStat(process.pid)!;
    const next = document(process.pid, startTime);
    status.writeStatus('vm1', document(2 ** 22, '1'), 2 ** 22);
    const readFile = fs.readFileSync;
    const spy = vi.spyOn(fs, 'readFileSync').mockImplementationOnce(((...args: Parameters<typeof readFile>) => {
      const old = readFile(...args);
      status.writeStatus('vm1', next, process.pid);
      return old;
    }) as typeof readFile);
    try {
      expect(status.readStatus('vm1')).toMatchObject({ document: next, alive: true });
    } finally {
      spy.mockRestore();
    }
  });

  it.each([
    ['libvirt_lxc', true],
    ['libvirt_lxc new', false],
    ['libvirt_lxc end', false],
    ['node', false],
  ])('tells by the name of the controller whether it is in service: %s', (name, inService) => {
    status.writeStatus('vm1', document(process.pid, identity.processStat(process.pid)!.startTime), process.pid);
    const before = process.title;
    process.title = name;
    try {
      expect(status.readStatus('vm1')).toMatchObject({ alive: true, inService });
    } finally {
      process.title = before;
    }
  });

  it('does not believe that the container is in the group of another controller', () => {
    status.writeStatus('vm1', document(process.pid, '1', 'running', 'booted', 'machine/lxc-4711-vm1.libvirt-lxc'), process.pid);
    expect(status.readStatus('vm1')?.cgroup).toBeUndefined();
  });

  it('takes a controller whose pid was given to another process for dead', () => {
    status.writeStatus('vm1', document(process.pid, '1'), process.pid);
    expect(status.readStatus('vm1')?.alive).toBe(false);
  });

  it('takes a controller for dead whose pid nobody has', () => {
    status.writeStatus('vm1', document(4194305, '1'), 4194305);
    expect(status.readStatus('vm1')?.alive).toBe(false);
  });

  it.each([
    '',
    '<domstatus',
    `<domstatus state='running' reason='booted' pid='0'>`,
    `<domstatus state='running' reason='booted' pid='1'><controller starttime=''/>`,
  ])('takes a damaged one for that of a dead controller: %j', (text) => {
    status.writeStatus('vm1', text, 0);
    expect(status.readStatus('vm1')).toMatchObject({ name: 'vm1', alive: false, document: text });
  });

  it('is gone after removeStatus()', () => {
    status.writeStatus('vm1', document(1, '1'), 1);
    status.removeStatus('vm1');
    status.removeStatus('vm1');
    expect(tree(store.at('run/libvirt/lxc'))).toEqual({});
  });
});

describe('readEnd()', () => {
  it('is unknown for a domain that never ran, and again after removeEnd()', () => {
    const reads = [status.readEnd('vm1')];
    status.writeEnd('vm1', 'destroyed');
    reads.push(status.readEnd('vm1'));
    status.removeEnd('vm1');
    reads.push(status.readEnd('vm1'));
    expect(reads).toEqual(['unknown', 'destroyed', 'unknown']);
  });

  it.each(['shutdown', 'destroyed', 'failed', 'crashed'] as const)('remembers %s', (reason) => {
    status.writeEnd('vm1', reason);
    expect(status.readEnd('vm1')).toBe(reason);
  });

  it('has a sentence beside it', () => {
    status.writeEnd('vm1', 'crashed', 'two\nlines ');
    expect([status.readEnd('vm1'), status.readEndDetail('vm1')]).toEqual(['crashed', 'two lines']);
    status.writeEnd('vm1', 'shutdown');
    expect([status.readEnd('vm1'), status.readEndDetail('vm1')]).toEqual(['shutdown', undefined]);
  });

  it('is unknown for what it does not know', () => {
    status.writeEnd('vm1', 'shutdown');
    fs.writeFileSync(store.at('run/libvirt/lxc/vm1.end'), 'half');
    expect(status.readEnd('vm1')).toBe('unknown');
  });
});

describe('readKill()', () => {
  const record = { name: 'vm1', controller: { pid: 42, startTime: '77' } };

  it('tells who kills the init of that controller, and of no other', () => {
    status.writeKill(record, 'signal');
    expect(status.readKill(record)).toBe('signal');
    expect(status.readKill({ ...record, controller: { pid: 42, startTime: '78' } })).toBeUndefined();
    expect(status.readEnd('vm1')).toBe('unknown');
    status.writeEnd('vm1', 'destroyed');
    expect(status.readKill(record)).toBeUndefined();
  });
});

describe('processStat()', () => {
  it('reads a process whose name tries to look like the fields', () => {
    const before = process.title;
    process.title = ') Z 1 (x';
    try {
      expect(identity.processStat(process.pid)).toEqual({
        name: process.title,
        state: 'R',
        parent: process.ppid,
        startTime: expect.stringMatching(/^\d+$/),
      });
    } finally {
      process.title = before;
    }
  });

  it('is undefined where there is no such process', () => {
    expect(identity.processStat(4194305)).toBeUndefined();
  });
});

describe('the group of a status', () => {
  it.each(['machine', 'a & b\'s <q> "p"\t\n', 'ä.partition/&amp;', '&#10;'])('is read as it was written: below %j', (partition) => {
    const cgroup = `${partition}/lxc-4711-t.libvirt-lxc`;
    const domain = parseDomain(domainWith({}), testHost());
    const text = formatStatus({
      state: 'running',
      reason: 'booted',
      controllerPid: 4711,
      controllerStartTime: '1',
      initPid: 4712,
      cgroup,
      extra: {},
      domain,
    });
    status.writeStatus('t', text, 4711);
    expect([status.readStatus('t')!.cgroup, parseStatus(text, testHost()).cgroup]).toEqual([cgroup, cgroup]);
  });

  it.each(['', '..', 'machine'])('is unknown where %j is written', (cgroup) => {
    status.writeStatus('vm1', document(4711, '1', 'running', 'booted', cgroup), 4711);
    expect(status.readStatus('vm1')!.cgroup).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../src/driver/connection.ts';
import {
  allocateHostPages,
  capabilitiesXml,
  cellFreeMemory,
  freePages,
  hypervisorVersion,
  nodeCpuMap,
  nodeCpuStats,
  nodeInfo,
  nodeMemoryStats,
  setNodeMemoryParameters,
  suspendNode,
} from '../../../../src/driver/node/host.ts';

const connection: Connection = { uri: 'lxc:///', readonly: false, autodestroyed: [] };
const readOnly: Connection = { uri: 'lxc:///', readonly: true, autodestroyed: [] };

describe('nodeInfo()', () => {
  it('has at least one of everything', () => {
    const { model, mhz: _, ...counts } = nodeInfo(connection);
    expect(model).toMatch(/^\w+$/);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  });
});

describe('nodeCpuMap()', () => {
  it('has a letter for each present processor', () => {
    const { map, present, online } = nodeCpuMap(connection);
    expect(map).toHaveLength(present);
    expect(map.replaceAll('-', '')).toBe('y'.repeat(online));
  });
});

describe('node statistics', () => {
  it('add up over processors', () => {
    const { user } = nodeCpuStats(connection, 0);
    expect(nodeCpuStats(connection, -1).user).toBeGreaterThanOrEqual(user);
  });

  it('refuse numbers that name nothing', () => {
    expect(() => nodeCpuStats(connection, 99999)).toThrow('Invalid cpuNum in virHostCPUGetStatsLinux');
    expect(() => nodeCpuStats(connection, -2)).toThrow('cpuNum in virNodeGetCPUStats only accepts -1 as a negative value');
    expect(() => nodeMemoryStats(connection, -2)).toThrow('cellNum in virNodeGetMemoryStats only accepts -1 as a negative value');
    expect(() => nodeMemoryStats(connection, 999)).toThrow(/^cellNum in virHostMemGetStats must be less than or equal to \d+$/);
    expect(() => cellFreeMemory(connection, -1)).toThrow('startCell in virNodeGetCellsFreeMemory must be zero or greater');
    expect(() => cellFreeMemory(connection, 999)).toThrow(/^internal error: start cell 999 out of range \(0-\d+\)$/);
    expect(() => freePages(connection, 0, 3)).toThrow('operation failed: page size 3 is not available on node 0');
  });
});

describe('changes of the host', () => {
  it('are refused on a read-only connection', () => {
    const prevented = 'operation forbidden: read only access prevents ';
    expect(() => allocateHostPages(readOnly, { sizeKiB: 2048, count: 0, add: false })).toThrow(`${prevented}virNodeAllocPages`);
    expect(() => setNodeMemoryParameters(readOnly, {})).toThrow(`${prevented}virNodeSetMemoryParameters`);
    expect(() => suspendNode(readOnly, 'mem', 60)).toThrow(`${prevented}virNodeSuspendForDuration`);
  });
});

describe('capabilitiesXml()', () => {
  it('tells of the host and of guests with our emulator', async () => {
    const xml = await capabilitiesXml(connection);
    expect(xml).toMatch(/^<capabilities>\n\n {2}<host>\n/);
    expect(xml).toMatch(/\n {2}<\/guest>\n\n<\/capabilities>\n$/);
    expect(xml).toMatch(/<emulator>.*\/libvirt_lxc<\/emulator>\n {6}<domain type='lxc'\/>/);
    expect(xml).toMatch(/<cells num='\d+'>\n {8}<cell id='0'>\n {10}<memory unit='KiB'>\d+<\/memory>/);
  });
});

describe('hypervisorVersion()', () => {
  it('is three numbers', () => {
    expect(hypervisorVersion(connection)).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

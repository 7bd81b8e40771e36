import { describe, expect, it } from 'vitest';
import { csvHeading, csvRecord, jsonLine, streamText } from '../../../src/virt-top/records.ts';
import { DEFAULT_SETTINGS } from '../../../src/virt-top/settings.ts';
import { sliceBetween } from '../../../src/virt-top/slice.ts';
import { firstSlice, HOST, secondSlice } from '../../helpers/virt-top.ts';

const ALL = { csv: DEFAULT_SETTINGS.csv, blockInBytes: false };

describe('CSV', () => {
  it('names its columns as virt-top does', () => {
    expect(csvHeading(ALL)).toBe(
      'Hostname,Time,Arch,Physical CPUs,Count,Running,Blocked,Paused,Shutdown,Shutoff,Crashed,Active,Inactive,%CPU,' +
        'Total hardware memory (KB),Total memory (KB),Total guest memory (KB),Total CPU time (ns),' +
        'Domain ID,Domain name,CPU (ns),%CPU,Mem (bytes),%Mem,Block RDRQ,Block WRRQ,Net RXBY,Net TXBY\n',
    );
    expect(csvHeading({ csv: { cpu: false, mem: false, block: true, net: false }, blockInBytes: true })).toMatch(
      /,Domain ID,Domain name,Block RDBY,Block WRBY\n$/,
    );
  });

  it('has a record of what runs, by id, with blanks for what is not known', () => {
    const sums = 'host1,17:04:08,x86_64,4,3,1,0,1,0,0,0,2,1,25.0,4194304,449600,449600,1500000000';
    const records = '51,a database with a very long name,0.,0.,409600,9,0,0,,,4711,web,1500000000.,25.,40000,0,3,7,20480,500\n';
    expect(csvRecord(secondSlice(), HOST, ALL)).toBe(`${sums},${records}`);
    expect(csvRecord(firstSlice(), HOST, ALL)).toMatch(/,4711,web,0\.,0\.,40000,0,,,,\n$/);
  });

  it('quotes what would be taken for something else', () => {
    const domains = [{ ...secondSlice().rows[1]!.active!.figures, name: 'a,"b"' }];
    const slice = sliceBetween(undefined, { atMs: 0, time: new Date(), domains }, HOST, String);
    expect(csvRecord(slice, HOST, { csv: { cpu: false, mem: false, block: false, net: false }, blockInBytes: false })).toMatch(
      /,4711,"a,""b"""\n$/,
    );
  });
});

describe('streamText()', () => {
  it('is a table of what runs, by id', () => {
    expect(streamText(secondSlice(), HOST, false)).toBe(
      [
        'virt-top time  17:04:08 Host host1 x86_64 2/4CPU 2400MHz 4096MB ',
        '   ID S RDRQ WRRQ RXBY TXBY %CPU %MEM   TIME    NAME',
        '   51 P    0    0    0    0  0.0  9.0 121:01.50 a database with a very long name',
        ' 4711 R    3    7  20K  500 25.0  0.0   0:06.50 web',
        '',
      ].join('\n'),
    );
  });
});

describe('jsonLine()', () => {
  it('is one line, an object with everything', () => {
    const line = jsonLine(secondSlice(), HOST);
    expect(line.match(/\n/g)).toHaveLength(1);
    const record = JSON.parse(line);
    expect(record).toMatchObject({
      host: { name: 'host1', arch: 'x86_64', cpus: 2, memoryKiB: 4194304 },
      totals: { domains: 3, running: 1, paused: 1, inactive: 1, cpuNs: 1500000000, cpuPercent: 25, memoryKiB: 449600 },
    });
    expect(record.domains).toHaveLength(2);
    expect(record.domains[1]).toEqual({
      ...{ id: 4711, name: 'web', uuid: '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5', state: 'running', uptimeSeconds: 61 },
      cpu: { timeNs: 6500000000, sliceNs: 1500000000, percent: 25 },
      throttling: { periods: 130, throttled: 31, timeNs: 0, percent: 20 },
      memory: { usageKiB: 40000, percent: 0, rssKiB: 15000, cacheKiB: 20000, limitKiB: 65536, swapKiB: 100 },
      oomKills: 1,
      pids: { current: 17, limit: 64 },
      pressure: { cpu: 1.25, memory: null, io: 0 },
      block: { readRequests: 3, readBytes: 12288, writeRequests: 7, writeBytes: 28672 },
      devices: [
        { name: 'sda', readRequests: 3, readBytes: 12288, writeRequests: 0, writeBytes: 0 },
        { name: 'sda', readRequests: 0, readBytes: 0, writeRequests: 7, writeBytes: 28672 },
      ],
      net: { rxBytes: 20480, txBytes: 500 },
      interfaces: [
        { name: 'vnet0', rxBytes: 20480, rxPackets: 15, rxErrors: 0, rxDropped: 0, txBytes: 500, txPackets: 5, txErrors: 0, txDropped: 0 },
      ],
    });
  });

  it('has null for what is not known', () => {
    const { domains } = JSON.parse(jsonLine(firstSlice(), HOST));
    expect(domains[1]).toMatchObject({ block: null, devices: [], net: { rxBytes: null, txBytes: null }, interfaces: [] });
    expect(domains[0]).toMatchObject({ throttling: null, oomKills: null, pids: { current: null, limit: null }, uptimeSeconds: null });
  });
});

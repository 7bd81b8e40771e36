import { describe, expect, it } from 'vitest';
import { csvHeading, csvRecord, jsonRecord, streamText } from '../../../src/virt-top/records.ts';
import { DEFAULT_SETTINGS } from '../../../src/virt-top/settings.ts';
import { sliceBetween } from '../../../src/virt-top/slice.ts';
import { outputComplaints } from '../../helpers/json-schema.ts';
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

describe('jsonRecord()', () => {
  it('is one line, an object with everything', () => {
    const line = jsonRecord(secondSlice(), HOST);
    expect(line.match(/\n/g)).toHaveLength(1);
    const record = JSON.parse(line);
    expect(outputComplaints('virt-top', record)).toEqual([]);
    expect(record).toMatchObject({
      host: { name: 'host1', arch: 'x86_64', cpus: 2, memory_bytes: 4294967296 },
      totals: { domains: 3, running: 1, paused: 1, inactive: 1, cpu_ns: 1500000000, cpu_percent: 25, memory_bytes: 460390400 },
    });
    expect(record.domains).toHaveLength(2);
    expect(record.domains[1]).toEqual({
      ...{ id: 4711, name: 'web', uuid: '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5', state: 'running', uptime_s: 61 },
      cpu: { time_ns: 6500000000, slice_ns: 1500000000, percent: 25 },
      throttling: { periods: 130, throttled: 31, time_ns: 0, percent: 20 },
      memory: { usage_bytes: 40960000, percent: 0, rss_bytes: 15360000, cache_bytes: 20480000, limit_bytes: 67108864, swap_bytes: 102400 },
      oom_kills: 1,
      pids: { current: 17, limit: 64 },
      pressure: { cpu_percent: 1.25, memory_percent: null, io_percent: 0 },
      block: { rd_req: 3, rd_bytes: 12288, wr_req: 7, wr_bytes: 28672 },
      devices: [
        { name: 'sda', rd_req: 3, rd_bytes: 12288, wr_req: 0, wr_bytes: 0 },
        { name: 'sda', rd_req: 0, rd_bytes: 0, wr_req: 7, wr_bytes: 28672 },
      ],
      net: { rx_bytes: 20480, tx_bytes: 500 },
      interfaces: [
        { name: 'vnet0', rx_bytes: 20480, rx_packets: 15, rx_errs: 0, rx_drop: 0, tx_bytes: 500, tx_packets: 5, tx_errs: 0, tx_drop: 0 },
      ],
    });
  });

  it('has null for what is not known', () => {
    const record = JSON.parse(jsonRecord(firstSlice(), HOST));
    expect(outputComplaints('virt-top', record)).toEqual([]);
    const { domains } = record;
    expect(domains[1]).toMatchObject({ block: null, devices: [], net: { rx_bytes: null, tx_bytes: null }, interfaces: [] });
    expect(domains[0]).toMatchObject({ throttling: null, oom_kills: null, pids: { current: null, limit: null }, uptime_s: null });
  });

  it('loses no digit of a processor time of months', () => {
    const [first] = secondSlice().rows.flatMap(({ active }) => (active ? [active.figures] : []));
    const domains = [{ ...first!, cpu: { ...first!.cpu!, totalNs: 2n ** 60n + 1n } }];
    const slice = sliceBetween(undefined, { atMs: 0, time: new Date(), domains }, HOST, String);
    expect(jsonRecord(slice, HOST)).toContain('"time_ns":1152921504606846977,');
  });
});

import { describe, expect, it } from 'vitest';
import { prometheusText, seconds } from '../../../../../src/driver/domain/stats/prometheus.ts';
import { RUNNING } from '../../../../helpers/figures.ts';

const samplesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('prometheusText()', () => {
  const text = prometheusText([RUNNING, { ...RUNNING, name: 'a"\\\nb' }]);

  it('has what is common to libvirt exporters under their names, in base units', () => {
    expect(samplesOf(text)).toEqual(
      expect.arrayContaining([
        'libvirt_up 1',
        'libvirt_domains 2',
        'libvirt_domain_info_vstate{domain="web"} 1',
        'libvirt_domain_info_maximum_memory_bytes{domain="web"} 134217728',
        'libvirt_domain_info_memory_usage_bytes{domain="web"} 40960000',
        'libvirt_domain_info_virtual_cpus{domain="web"} 2',
        'libvirt_domain_info_cpu_time_seconds_total{domain="web"} 5.000000001',
        'libvirt_domain_memory_stats_rss_bytes{domain="web"} 15360000',
        'libvirt_domain_memory_stats_usable_bytes{domain="web"} 28196864',
        'libvirt_domain_block_stats_read_bytes_total{domain="web",target_device="sda"} 6',
        'libvirt_domain_block_stats_capacity_bytes{domain="web",target_device="sda"} 1048576',
        'libvirt_domain_block_stats_read_time_seconds_total{domain="web",target_device="sda"} 0.000000009',
        'libvirt_domain_interface_stats_receive_bytes_total{domain="web",target_device="vnet0"} 1000',
        'libvirt_domain_interface_stats_transmit_drops_total{domain="web",target_device="vnet0"} 4',
      ]),
    );
  });

  it('has what only containers have', () => {
    expect(samplesOf(text).filter((line) => line.startsWith('libvirt_domain_lxc') && line.includes('"web"'))).toEqual([
      'libvirt_domain_lxc_uptime_seconds{domain="web"} 61.999',
      'libvirt_domain_lxc_cpu_user_seconds_total{domain="web"} 3',
      'libvirt_domain_lxc_cpu_system_seconds_total{domain="web"} 2',
      'libvirt_domain_lxc_cpu_periods_total{domain="web"} 100',
      'libvirt_domain_lxc_cpu_throttled_periods_total{domain="web"} 25',
      'libvirt_domain_lxc_cpu_throttled_seconds_total{domain="web"} 1',
      'libvirt_domain_lxc_swap_bytes{domain="web"} 102400',
      'libvirt_domain_lxc_oom_kills_total{domain="web"} 1',
      'libvirt_domain_lxc_pids{domain="web"} 17',
      'libvirt_domain_lxc_pids_limit{domain="web"} 64',
      'libvirt_domain_lxc_read_bytes_total{domain="web"} 51200',
      'libvirt_domain_lxc_read_requests_total{domain="web"} 50',
      'libvirt_domain_lxc_write_bytes_total{domain="web"} 61440',
      'libvirt_domain_lxc_write_requests_total{domain="web"} 60',
      'libvirt_domain_lxc_pressure_waiting_seconds_total{domain="web",resource="cpu"} 0.000099',
      'libvirt_domain_lxc_pressure_waiting_seconds_total{domain="web",resource="io"} 0.000001',
      'libvirt_domain_lxc_pressure_stalled_seconds_total{domain="web",resource="io"} 0',
    ]);
  });

  it('says once of each family what it is, and then all of its samples', () => {
    const families = text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \1 (gauge|counter)\n((?:\1[{ ].*\n)+)/gm);
    const names = [...families].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(text.match(/^#/gm)).toHaveLength(names.length * 2);
    expect(text).toMatch(/^# TYPE libvirt_domain_lxc_oom_kills_total counter$/m);
    expect(text).toMatch(/^# TYPE libvirt_domain_lxc_pids gauge$/m);
  });

  it('has no value of its own for what is not known', () => {
    expect(samplesOf(text).filter((line) => /vnet1|stats.*sdb/.test(line))).toEqual([]);
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it('escapes what a domain is called', () => {
    expect(text).toContain('libvirt_domain_info_vstate{domain="a\\"\\\\\\nb"} 1\n');
  });
});

describe('seconds()', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [1_500_000_000n, '1.5'],
    [10_000_000_000n, '10'],
    [18_446_744_073_709_551_615n, '18446744073.709551615'],
  ])('%s ns', (parts, text) => {
    expect(seconds(parts, 9)).toBe(text);
  });
});

// setvcpus, vcpupin, numatune, set-lifecycle-action: what libvirt has for virtual machines only.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('what a container has of the processors', ['root', 'built', 'busybox'], () => {
  const virsh = useVirsh();
  const VCPUS = '<vcpu>2</vcpu>';
  const initPid = (name: string): number => {
    const id = virsh.ok('domid', name).trim();
    return Number(fs.readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ')[0]);
  };
  const cpus = (name: string): string => cgroupOf(initPid(name)).read('cpuset', 'cpuset.cpus', 'cpuset.cpus');
  const quota = (name: string): string => /^vcpu_quota *: (.*)$/m.exec(virsh.ok('schedinfo', name))![1]!;

  it('is changed while it runs, and as it is stored', () => {
    const name = virsh.boot({ more: VCPUS });
    expect(virsh.ok('vcpupin', name)).toMatch(/^ VCPU {3}CPU Affinity\n-+\n 0 {6}(\S+)\n 1 {6}\1\n\n$/);
    virsh.ok('vcpupin', name, '0', '0');
    virsh.ok('vcpupin', name, '1', '0');
    expect(cpus(name)).toBe('0');
    expect(virsh.ok('vcpupin', name, '--vcpu', '1')).toContain('\n 1      0\n');
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain('vcpupin');
    virsh.ok('setvcpus', name, '1');
    expect([quota(name), virsh.ok('vcpucount', name, '--live').trim()]).toEqual(['100000', '1']);
    virsh.ok('setvcpus', name, '2');
    expect(quota(name)).toBe('-1');
    expect(virsh.error('setvcpus', name, '3')).toEqual([
      'invalid argument: requested vcpus is greater than max allowable vcpus for the live domain: 3 > 2',
    ]);
    expect(virsh.error('vcpupin', name, '2', '0')).toEqual(['invalid argument: vcpu 2 is out of range of live cpu count 2']);
  });

  it('holds from the start', () => {
    const name = virsh.define({ more: VCPUS });
    virsh.ok('setvcpus', name, '1', '--config');
    virsh.ok('vcpupin', name, '0', '0', '--config');
    virsh.ok('start', name);
    expect([quota(name), cpus(name)]).toEqual(['100000', '0']);
  });

  it('is memory of some nodes', () => {
    const name = virsh.boot();
    virsh.ok('numatune', name, '--nodeset', '0');
    expect(virsh.ok('numatune', name)).toBe('numa_mode      : strict\nnuma_nodeset   : 0\n\n');
    expect(virsh.error('numatune', name, '--mode', '5')).toEqual([
      'Unable to change numa parameters',
      'invalid argument: unsupported numatune mode',
    ]);
    expect(virsh.error('numatune', name, '--mode', 'preferred')).toEqual([
      'Unable to change numa parameters',
      "Requested operation is not valid: can't change numatune mode for running domain",
    ]);
  });

  it('ends as it was told to', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 1000 & trap "kill $!" TERM; wait'] });
    const id = virsh.ok('domid', name).trim();
    virsh.ok('set-lifecycle-action', name, 'poweroff', 'restart', '--live');
    virsh.ok('shutdown', name);
    await eventually(() => expect(virsh.ok('domid', name).trim()).not.toMatch(new RegExp(`^(?:-|${id})$`)));
    virsh.ok('set-lifecycle-action', name, 'poweroff', 'destroy');
    expect(virsh.ok('dumpxml', name)).toContain('<on_poweroff>destroy</on_poweroff>');
  });

  it('is refused as libvirt does where that is wanted', () => {
    const name = virsh.define({ more: VCPUS });
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    try {
      expect(virsh.error('setvcpus', name, '1')).toEqual(['this function is not supported by the connection driver: virDomainSetVcpus']);
      expect(virsh.error('maxvcpus')).toEqual(['this function is not supported by the connection driver: virConnectGetMaxVcpus']);
    } finally {
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });
});

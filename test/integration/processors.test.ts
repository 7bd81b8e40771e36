// setvcpus, vcpupin, numatune, set-lifecycle-action: what libvirt has for virtual machines only.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
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
  const controllerCpus = (name: string): string =>
    /^Cpus_allowed_list:\t(.*)$/m.exec(fs.readFileSync(`/proc/${virsh.controllerPid(name)}/status`, 'utf8'))![1]!;
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

  it('is changed of the running domain where nothing else is said', () => {
    const name = virsh.define({ more: VCPUS });
    for (const command of [
      ['setvcpus', name, '1'],
      ['vcpupin', name, '0', '0'],
      ['emulatorpin', name, '0'],
    ])
      expect(virsh.error(...command)).toEqual(['Requested operation is not valid: domain is not running']);
    virsh.ok('setvcpus', name, '1', '--current');
    expect(virsh.ok('dumpxml', name)).toContain("current='1'>2</vcpu>");
  });

  it('is the same of a definition that nobody changed', () => {
    const name = virsh.boot({
      more: "<vcpu current='1'>2</vcpu><cputune><period>50000</period><vcpupin vcpu='0' cpuset='0,900'/></cputune>",
    });
    expect([quota(name), cpus(name)]).toEqual(['50000', '0']);
    expect(virsh.inside(name, 'nproc').trim()).toBe('1');
  });

  it('is nothing of that at level libvirt', () => {
    const more = "<vcpu current='1'>2</vcpu><cputune><vcpupin vcpu='0' cpuset='0'/><emulatorpin cpuset='0'/></cputune>";
    const [name, other] = [virsh.boot({ more, level: 'libvirt' }), virsh.boot()];
    expect([quota(name), cpus(name)]).toEqual(['-1', cpus(other)]);
    expect(controllerCpus(name)).toBe(controllerCpus(other));
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
      expect(virsh.error('emulatorpin', name)).toEqual([
        'this function is not supported by the connection driver: virDomainGetEmulatorPinInfo',
      ]);
      expect(virsh.error('emulatorpin', name, '0', '--config')).toEqual([
        'this function is not supported by the connection driver: virDomainPinEmulator',
      ]);
      expect(virsh.error('maxvcpus')).toEqual(['this function is not supported by the connection driver: virConnectGetMaxVcpus']);
    } finally {
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });
});

suite('two processors', ['root', 'built', 'busybox', 'fuse', 'two_processors'], () => {
  const virsh = useVirsh();
  /** As nproc(1) counts them, and as programs do that read files. */
  const told = (name: string): string[] =>
    virsh.inside(name, 'nproc; grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online').trim().split('\n');
  const controllerCpus = (name: string): string =>
    /^Cpus_allowed_list:\t(.*)$/m.exec(fs.readFileSync(`/proc/${virsh.controllerPid(name)}/status`, 'utf8'))![1]!;
  const all = fs.readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();
  const count = String(os.availableParallelism());

  it('are told to a container as it has them', () => {
    const name = virsh.boot({ more: "<vcpu cpuset='0'>2</vcpu>" });
    expect(told(name)).toEqual(['1', '1', '0']);
    virsh.ok('vcpupin', name, '0', '1');
    expect(told(name)).toEqual(['2', '2', '0-1']);
    expect(virsh.inside(name, 'grep Cpus_allowed_list /proc/1/status').trim()).toBe('Cpus_allowed_list:\t0-1');
    virsh.ok('vcpupin', name, '1', '1');
    expect(told(name)).toEqual(['1', '1', '1']);
  });

  it('are as many as their time pays for, though it may run on all', () => {
    const name = virsh.boot({ more: "<vcpu current='1'>4</vcpu>" });
    expect(told(name)).toEqual([count, '1', '0']);
    virsh.ok('setvcpus', name, '2');
    expect(told(name)).toEqual([count, '2', '0-1']);
    virsh.ok('setvcpus', name, '4');
    expect(told(name)).toEqual([count, count, all]);
  });

  it('are for its controller as emulatorpin says, which is not for the container', () => {
    const name = virsh.boot({ more: "<vcpu>2</vcpu><cputune><emulatorpin cpuset='1'/></cputune>" });
    expect([controllerCpus(name), told(name)[0]]).toEqual(['1', count]);
    const shown = (list: string): string => `emulator: CPU Affinity\n${'-'.repeat(34)}\n       *: ${list}\n\n`;
    expect(virsh.ok('emulatorpin', name)).toBe(shown('1'));
    expect(virsh.ok('emulatorpin', name, '0')).toBe('\n');
    expect([controllerCpus(name), virsh.ok('emulatorpin', name), virsh.ok('emulatorpin', name, '--config')]).toEqual([
      '0',
      shown('0'),
      shown('1'),
    ]);
    virsh.ok('vcpupin', name, '0', '0', '--config');
    virsh.ok('emulatorpin', name, 'r', '--live', '--config');
    expect([controllerCpus(name), virsh.ok('emulatorpin', name, '--config')]).toEqual([all, shown(all)]);
    expect(virsh.ok('dumpxml', name)).not.toContain('emulatorpin');
    expect(virsh.error('emulatorpin', name, '900')).toEqual(['invalid argument: Empty cpu list for pinning']);
    expect(virsh.error('emulatorpin', name, '--live', '--config')).toEqual([
      "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
    ]);
    virsh.ok('destroy', name);
    expect(virsh.error('emulatorpin', name, '0')).toEqual(['Requested operation is not valid: domain is not running']);
  });
});

suite('where a command may run', ['root', 'built', 'busybox', 'fuse', 'two_processors', 'taskset'], () => {
  const virsh = useVirsh();
  it('is not where the controller may that it starts', () => {
    const name = virsh.define();
    const { status } = spawnSync('taskset', ['-c', '0', virsh.command, 'start', name], { env: virsh.env });
    const cpus = (pid: number): string => /^Cpus_allowed_list:\t(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
    const all = fs.readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();
    expect([status, cpus(virsh.controllerPid(name)), cpus(virsh.initPid(name))]).toEqual([0, all, all]);
  });
});

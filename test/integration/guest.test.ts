// What is told of the inside of a container, by whatever it has for files.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';
import { within } from '../helpers/within.ts';

suite('guestinfo', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const write = (file: string, text: string | Buffer): void => {
    fs.mkdirSync(`${virsh.root}/${file.slice(0, file.lastIndexOf('/'))}`, { recursive: true });
    fs.rmSync(`${virsh.root}/${file}`, { force: true });
    fs.writeFileSync(`${virsh.root}/${file}`, text);
  };
  const facts = (name: string, ...kinds: string[]): Record<string, string> =>
    Object.fromEntries(
      virsh
        .ok('guestinfo', name, ...kinds)
        .trimEnd()
        .split('\n')
        .map((line) => /^([\w.-]+) *: (.*)$/.exec(line)!.slice(1)),
    );

  it('tells distribution, users, time zone, host name, file systems and interfaces', () => {
    write('etc/os-release', 'ID=test\nNAME="Test OS"\nPRETTY_NAME="Test OS 1\u0007"\nVERSION_ID=1\n');
    const record = Buffer.alloc(384);
    record.writeInt16LE(7, 0);
    record.write('alice', 44);
    record.writeUInt32LE(1_700_000_000, 340);
    write('run/utmp', record);
    const name = virsh.boot({
      devices: `<interface type='ethernet'><mac address='52:54:00:aa:bb:01'/><ip address='192.0.2.7' prefix='24'/></interface>
        <filesystem type='ram'><source usage='1024'/><target dir='/mnt'/></filesystem>`,
    });
    virsh.inside(name, 'hostname box1; mkdir -p /run; cp /dev/null /tmp/x');
    expect(facts(name, '--user', '--os', '--timezone', '--hostname')).toEqual({
      'user.count': '1',
      'user.0.name': 'alice',
      'user.0.login-time': '1700000000000',
      'os.id': 'test',
      'os.name': 'Test OS',
      'os.pretty-name': 'Test OS 1?',
      'os.version-id': '1',
      'os.kernel-release': fs.readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
      'os.kernel-version': fs.readFileSync('/proc/sys/kernel/version', 'utf8').trim(),
      'os.machine': process.arch === 'x64' ? 'x86_64' : 'aarch64',
      'timezone.name': 'UTC',
      'timezone.offset': '0',
      hostname: 'box1',
    });
    expect(spawnSync('hostname', { encoding: 'utf8' }).stdout).not.toBe('box1\n');
    const all = facts(name);
    expect(all).toMatchObject({ 'user.count': '1', 'disk.count': '0', 'fs.0.mountpoint': '/' });
    const ram = Object.keys(all).find((key) => /^fs\.\d+\.mountpoint$/.test(key) && all[key] === '/mnt')!;
    expect(all[ram.replace('mountpoint', 'fstype')]).toBe('tmpfs');
    const nic = Object.keys(all)
      .find((key) => all[key] === 'eth0')!
      .replace('.name', '');
    expect(all).toMatchObject({
      [`${nic}.hwaddr`]: '52:54:00:aa:bb:01',
      [`${nic}.addr.0.addr`]: '192.0.2.7',
      [`${nic}.addr.0.prefix`]: '24',
    });
    expect(virsh.ok('domfsinfo', name)).toMatch(/^ Mountpoint {3}Name .*Type .*Target\n-+\n \/ .*\n(?:.*\n)* \/mnt .*tmpfs/);
  });

  it('is of a domain that runs, and not for those who may only read', () => {
    const name = virsh.define();
    expect(virsh.error('guestinfo', name)).toEqual(['Requested operation is not valid: domain is not running']);
    expect(virsh.error('domfsinfo', name)).toEqual([
      'Unable to get filesystem information',
      'Requested operation is not valid: domain is not running',
    ]);
    expect(virsh.error('-r', 'guestinfo', name)).toEqual(['operation forbidden: read only access prevents virDomainGetGuestInfo']);
  });

  it('is not led out of the container, and waits for nothing in it', () => {
    const name = virsh.boot();
    const secret = virsh.file('secret', 'ID=stolen\n');
    const place = `${virsh.root}/etc/os-release`;
    const isTold = () => facts(name, '--os')['os.id'];
    for (const make of [
      () => fs.symlinkSync(secret, place),
      () => fs.symlinkSync(`/../../../../../..${secret}`, place),
      () => fs.symlinkSync(`/proc/1/root${secret}`, place),
      () => fs.symlinkSync('os-release', place),
      () => fs.mkdirSync(place),
      () => spawnSync('mkfifo', [place]),
      () => spawnSync('mknod', [place, 'c', '1', '5']),
    ]) {
      fs.rmSync(place, { recursive: true, force: true });
      make();
      expect(within(virsh, 5000, isTold)).toBe(undefined);
    }
    fs.rmSync(place, { recursive: true });
    fs.writeFileSync(place, `ID=${'x'.repeat(2 ** 20)}\n`);
    expect(isTold()).toHaveLength(1024);
    fs.rmSync(place);
  });
});

suite('vcpuinfo, domblkinfo', ['root', 'built', 'busybox', 'fuse', 'loop'], () => {
  const virsh = useVirsh();
  const cpus = Number(spawnSync('nproc', ['--all'], { encoding: 'utf8' }).stdout);

  it('tell processors', () => {
    const name = virsh.boot({ more: `<vcpu cpuset='0'>1</vcpu>` });
    const affinity = `y${'-'.repeat(cpus - 1)}`;
    expect(virsh.ok('vcpuinfo', name)).toMatch(
      new RegExp(`^VCPU: {11}0\nCPU: {12}0\nState: {10}running\n(?:CPU time: {7}\\d+\\.\\ds\n)?CPU Affinity: {3}${affinity}\n\n$`),
    );
    expect(virsh.ok('vcpuinfo', name, '--pretty')).toContain(`CPU Affinity:   0 (out of ${cpus})\n`);
    virsh.ok('destroy', name);
    expect(virsh.ok('vcpuinfo', name)).toBe(
      `VCPU:           0\nCPU:            N/A\nState:          N/A\nCPU time        N/A\nCPU Affinity:   ${affinity}\n\n`,
    );
  });

  it('tell sizes', () => {
    const image = virsh.path('disk.img');
    fs.writeFileSync(image, '');
    fs.truncateSync(image, 3 * 2 ** 20);
    const name = virsh.boot({ devices: `<disk type='file'><source file='${image}'/><target dev='vda'/></disk>` });
    expect(virsh.ok('domblkinfo', name, 'vda')).toBe('Capacity:       3145728\nAllocation:     0\nPhysical:       3145728\n\n');
    expect(virsh.ok('domblkinfo', name, image, '--human')).toBe(
      'Capacity:       3.000 MiB\nAllocation:     0.000 B\nPhysical:       3.000 MiB\n\n',
    );
    expect(virsh.ok('domblkinfo', name, '--all')).toBe(
      ' Target   Capacity   Allocation   Physical\n--------------------------------------------\n vda      3145728    0            3145728\n\n',
    );
    expect(virsh.error('domblkinfo', name, 'sdz')).toEqual(['invalid argument: invalid path sdz not assigned to domain']);
    virsh.ok('destroy', name);
    fs.rmSync(image);
    expect(virsh.error('domblkinfo', name, 'vda')).toEqual([`cannot stat file '${image}': No such file or directory`]);
    expect(errorLines(virsh.run('domblkinfo', name).stderr)).toEqual(["command 'domblkinfo' requires <device> option"]);
  });
});

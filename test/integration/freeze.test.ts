// What a suspend or a resume that was killed halfway leaves is resumed and destroyed like any other.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('a frozen container', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const statusFile = (name: string) => virsh.path(`run/libvirt/lxc/${name}.xml`);

  /** What stands between the freeze and the status of a suspend that died, or of whoever else freezes: the word is missing. */
  function freezeBehindItsBack(name: string): void {
    const before = fs.readFileSync(statusFile(name), 'utf8');
    virsh.ok('suspend', name);
    fs.writeFileSync(statusFile(name), before);
    expect(virsh.state(name)).toBe('running (booted)');
  }

  it('that no status knows of is resumed', () => {
    const name = virsh.boot();
    freezeBehindItsBack(name);
    expect(virsh.error('lxc-enter-namespace', name, '--', '/bin/true')).toEqual(['Requested operation is not valid: domain is paused']);
    virsh.ok('resume', name);
    virsh.ok('lxc-enter-namespace', name, '--', '/bin/true');
  });

  it('that no status knows of is destroyed, within two seconds', () => {
    const name = virsh.boot();
    freezeBehindItsBack(name);
    const begin = performance.now();
    virsh.ok('destroy', name);
    expect(performance.now() - begin).toBeLessThan(2000 * (process.env['VMRIG'] ? 10 : 1));
    expect(virsh.state(name)).toBe('shut off (destroyed)');
  });

  it('whose controller died is over before it is started again', async () => {
    const name = virsh.boot();
    const init = virsh.initPid(name);
    freezeBehindItsBack(name);
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    virsh.ok('start', name);
    await eventually(() => !fs.existsSync(`/proc/${init}`)); // whoever adopted it has to wait for it first
  });

  it('is running where the word is there and the freeze is not: of a resume that died', () => {
    const name = virsh.boot();
    virsh.ok('suspend', name);
    const paused = fs.readFileSync(statusFile(name), 'utf8');
    virsh.ok('resume', name);
    fs.writeFileSync(statusFile(name), paused);
    expect(virsh.state(name)).toBe('running (unpaused)');
    virsh.ok('suspend', name);
    expect(virsh.state(name)).toBe('paused (user)');
    virsh.ok('destroy', name);
  });

  it('is not entered by a status without its group, which is cleared up all the same', () => {
    const name = virsh.boot();
    fs.writeFileSync(statusFile(name), fs.readFileSync(statusFile(name), 'utf8').replace(/ cgroup='[^']*'/, ''));
    expect(virsh.run('lxc-enter-namespace', name, '--', '/bin/true').status).toBe(1);
    virsh.ok('destroy', name);
    expect(virsh.ok('domstate', name).trim()).toBe('shut off');
  });
});

// With the host: what is marked starts with it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { Distribution, useDistributions } from '../helpers/distribution.ts';
import { ROOT, suite } from '../helpers/requires.ts';

suite('distributions and their host', ['root', 'built', 'distros'], () => {
  const virsh = useDistributions();

  it('boots a marked one with autostart-all, and no other', async () => {
    const marked = new Distribution(virsh, 'trixie');
    const other = new Distribution(virsh, 'sysv');
    virsh.ok('autostart', marked.name);
    virsh.ok('autostart-all');
    await marked.booted();
    expect(other.isOff).toBe(true);
    virsh.ok('autostart', marked.name, '--disable');
  });
});

suite('distributions under the unit of a systemd host', ['root', 'built', 'distros', 'systemd'], () => {
  const virsh = useDistributions();
  const UNIT = 'virsh-lxc-autostart.service';
  const file = `/run/systemd/system/${UNIT}`;
  const systemctl = (...args: string[]) => execFileSync('systemctl', args, { encoding: 'utf8' });

  /** As it comes with the package, for this store and this checkout. */
  function install(): void {
    fs.copyFileSync(`${ROOT}/src/systemd/${UNIT}`, file);
    fs.mkdirSync(`${file}.d`, { recursive: true });
    const settings = { ...virsh.env, PATH: `${ROOT}/bin:${virsh.env['PATH']}` };
    const lines = Object.entries(settings).map(([name, value]) => `Environment="${name}=${value}"`);
    fs.writeFileSync(`${file}.d/store.conf`, `[Service]\n${lines.join('\n')}\n`);
    systemctl('daemon-reload');
  }

  it('start with it', async () => {
    const marked = new Distribution(virsh, 'trixie');
    virsh.ok('autostart', marked.name);
    install();
    try {
      systemctl('start', UNIT);
      await marked.booted();
    } finally {
      systemctl('stop', UNIT);
      fs.rmSync(file, { force: true });
      fs.rmSync(`${file}.d`, { recursive: true, force: true });
      systemctl('daemon-reload');
      virsh.ok('autostart', marked.name, '--disable');
    }
  });
});

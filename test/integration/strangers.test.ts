// What nobody knows in a document is named, on a terminal and in the log.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { COMMAND, useVirsh } from '../helpers/virsh.ts';

suite('unknown elements', ['root', 'built', 'busybox', 'fuse', 'script'], () => {
  const virsh = useVirsh();
  const MISSPELT = "<filesytem type='mount'><source dir='/srv'/><target dir='/srv'/></filesytem>";
  const TEXT = 'unknown element <filesytem> in <devices> is left out';

  it.each(['define', 'create'])('are named by %s', (command) => {
    const name = virsh.name();
    const file = virsh.file(`${name}.xml`, virsh.xml(name, { devices: MISSPELT }));
    const { status, stderr } = virsh.run(command, file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(virsh.log(name)).toContain(`: warning: ${TEXT}\n`);
    expect(virsh.ok('dumpxml', name)).not.toContain('filesytem');
  });

  it('are named by attach-device', () => {
    const name = virsh.define();
    const xml = "<interface type='bridge' manged='no'><source bridge='none'/></interface>";
    virsh.ok('attach-device', name, virsh.file('device.xml', xml), '--config');
    expect(virsh.log(name)).toContain(": warning: unknown attribute 'manged' of <interface> is left out\n");
  });

  it('are not what dumpxml prints of a running domain', () => {
    const devices = `<interface type='ethernet'/><hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>
      <controller type='scsi' index='0'/><filesystem type='ram'><source usage='1024'/><target dir='/tmp'/></filesystem>`;
    const name = virsh.boot({ devices, consoles: 2 });
    virsh.ok('define', virsh.file('live.xml', virsh.ok('dumpxml', name)));
    expect(virsh.log(name)).not.toContain(' is left out');
  });

  it('are named on a terminal', () => {
    const name = virsh.name();
    const file = virsh.file(`${name}.xml`, virsh.xml(name, { devices: MISSPELT }));
    const typed = execFileSync('script', ['-qec', `${COMMAND} define ${file}`, '/dev/null'], { env: virsh.env, encoding: 'utf8' });
    expect(typed).toContain(TEXT);
    expect(typed).toContain(`Domain '${name}' defined`);
  });
});

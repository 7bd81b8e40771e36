import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';

/** The lock is waited for 30 seconds: as many as a slow machine does in that time. */
const PAIRS = SLOWNESS > 1 ? 5 : 20;

suite('commands at once', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it(`on one domain come one after the other: ${PAIRS} starts and ${PAIRS} destroys, none of which fails for another reason`, async () => {
    const name = virsh.define();
    const allowed = new Set([
      'Domain is already active',
      'Requested operation is not valid: Domain is already running',
      'Requested operation is not valid: domain is not running',
    ]);
    const pairs = Array.from({ length: PAIRS }, () => [virsh.begin('start', name), virsh.begin('destroy', name)]).flat();
    const outcomes = await Promise.all(pairs);
    const reasons = outcomes.filter(({ status }) => status !== 0).map(({ stderr }) => errorLines(stderr).at(-1)!);
    expect([...new Set(reasons)].filter((reason) => !allowed.has(reason))).toEqual([]);
    expect(outcomes.some(({ status, stdout }) => status === 0 && stdout.includes('started'))).toBe(true);
    virsh.run('destroy', name);
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
  });

  it('start one domain once', async () => {
    const name = virsh.define();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => virsh.begin('start', name)));
    expect(outcomes.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('destroy one domain once', async () => {
    const name = virsh.boot();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => virsh.begin('destroy', name)));
    expect(outcomes.filter(({ status }) => status === 0)).toHaveLength(1);
  });

  it('await the end of a domain no longer than they are told to, though somebody is starting it', async () => {
    const name = virsh.define();
    const [held, go] = [virsh.path('held'), virsh.path('go')];
    virsh.file(
      'etc/libvirt/hooks/lxc',
      `#!/bin/sh\n[ $2 != prepare ] || { touch ${held}; until [ -e ${go} ]; do sleep 0.05; done; }\n`,
      0o755,
    );
    const starting = virsh.begin('start', name);
    await eventually(() => fs.existsSync(held));
    const begun = performance.now();
    const wait = () => virsh.begin('await', name, '--condition', 'domain-inactive', '--timeout', '1');
    expect(await wait()).toMatchObject({ status: 2 });
    expect(performance.now() - begun).toBeLessThan(15_000);
    fs.writeFileSync(go, '');
    expect(await starting).toMatchObject({ status: 0 });
    virsh.ok('destroy', name);
    expect(await wait()).toMatchObject({ status: 0 });
    for (const file of [held, go, virsh.path('etc/libvirt/hooks/lxc')]) fs.rmSync(file);
  });

  it('on different domains do not wait for each other', async () => {
    const slow = virsh.define();
    const [held, go] = [virsh.path('held'), virsh.path('go')];
    const hold = `touch ${held}; until [ -e ${go} ]; do sleep 0.05; done`;
    virsh.file('etc/libvirt/hooks/lxc', `#!/bin/sh\n[ $1 != ${slow} ] || [ $2 != prepare ] || { ${hold}; }\n`, 0o755);
    const other = virsh.define();
    const waiting = virsh.begin('start', slow);
    await eventually(() => fs.existsSync(held));
    virsh.ok('start', other);
    fs.writeFileSync(go, '');
    expect((await waiting).status).toBe(0);
    fs.rmSync(virsh.path('etc/libvirt/hooks'), { recursive: true });
  });

  it('define one name by 10 documents: one uuid wins, all others are told', async () => {
    const name = virsh.name();
    const files = Array.from({ length: 10 }, (_, i) => virsh.file(`${i}.xml`, virsh.xml(name)));
    const outcomes = await Promise.all(files.map((file) => virsh.begin('define', file)));
    expect(outcomes.filter(({ status }) => status === 0)).toHaveLength(1);
    const uuid = virsh.ok('domuuid', name).trim();
    for (const { status, stderr } of outcomes)
      if (status !== 0) expect(stderr).toContain(`operation failed: domain '${name}' already exists with uuid ${uuid}`);
  });

  it('that define and undefine leave a list that is always whole', async () => {
    const names = Array.from({ length: 5 }, () => virsh.name());
    const files = names.map((name) => virsh.file(`${name}.xml`, virsh.xml(name)));
    const changes = names.flatMap((name, i) => [
      virsh.begin('define', files[i]!),
      virsh.begin('undefine', name),
      virsh.begin('define', files[i]!),
    ]);
    const lists = Array.from({ length: 5 }, () => virsh.begin('list', '--all'));
    for (const { status, stderr } of await Promise.all(lists)) expect([status, stderr]).toEqual([0, '']);
    await Promise.all(changes);
    for (const name of names) virsh.run('undefine', name);
  });

  it('a domain called driver does not take the driver’s lock away', () => {
    const other = virsh.boot();
    const lock = virsh.path('run/libvirt/lxc/driver.pid');
    const { ino } = fs.statSync(lock);
    const name = virsh.boot({}, 'driver');
    expect([fs.statSync(lock).ino, fs.readFileSync(lock, 'utf8')]).toEqual([ino, '']);
    virsh.ok('destroy', name);
    expect(fs.statSync(lock).ino).toBe(ino);
    virsh.ok('undefine', name);
    expect(virsh.ok('list', '--all', '--name').trim()).toBe(other);
  });
});

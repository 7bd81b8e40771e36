// busybox's own init system, with a getty on the console: the smallest one that is real.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { makeRoot } from './rootfs.ts';
import { onTerminal } from './terminal.ts';
import type { DomainOptions, Virsh } from './virsh.ts';

const INITTAB = `::sysinit:/bin/touch /tmp/up
console::respawn:/bin/getty -L 0 console
::shutdown:/bin/touch /tmp/down
`;
const ESCAPE = '\x1d';

/** Boots it as a container, logs in on the console, reboots and shuts it down; `running` looks at it meanwhile. */
export async function liveWithInit(virsh: Virsh, options: DomainOptions, running: (name: string) => void, type?: string): Promise<void> {
  const root = makeRoot(virsh.path(virsh.name('-root')));
  fs.writeFileSync(path.join(root, 'etc/inittab'), INITTAB);
  // No password: who can type here is on the host.
  fs.writeFileSync(path.join(root, 'etc/passwd'), 'root::0:0:root:/:/bin/sh\n');
  if (type !== undefined) expect(spawnSync('chcon', ['-R', '-t', type, root]).status).toBe(0);
  const more = `<features><privnet/></features>${options.more ?? ''}`;
  const name = virsh.boot({ ...options, more, root, init: ['/sbin/init'] });
  const has = (file: string): boolean => fs.existsSync(path.join(root, 'tmp', file));
  await eventually(() => has('up'));
  running(name);

  const terminal = onTerminal(virsh, 'console', name);
  await terminal.until('Escape character');
  terminal.type('\n');
  await terminal.until(/login: $/);
  terminal.type('root\n');
  await terminal.until('/ # ');
  terminal.type('echo "<$(id -u) $((6*7)) $(tty)>"\n');
  await terminal.until(/<0 42 \/dev\/\S+>/);
  terminal.type('exit\n');
  await terminal.until(/exit[\s\S]*login: $/);
  terminal.type(ESCAPE);
  expect(await terminal.ended()).toBe(0);

  const before = virsh.controllerPid(name);
  virsh.ok('reboot', name);
  await eventually(() => {
    const { stdout } = virsh.run('domid', name);
    return /^\d+/.test(stdout) && Number(stdout) !== before;
  });
  running(name);
  virsh.ok('shutdown', name);
  await virsh.waitForState(name, 'shut off (shutdown)', 15_000);
  expect(has('down')).toBe(true);
}

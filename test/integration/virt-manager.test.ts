// virt-manager itself, on a screen that nobody sees: it finds the container, opens its console, and hears of what others do.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { serverCommand } from '../helpers/wire.ts';

suite('virt-manager', ['root', 'built', 'busybox', 'fuse', 'virt_manager'], () => {
  const virsh = useVirsh();

  it('shows a console that takes what is typed, and hears when a container is paused', async () => {
    const name = virsh.boot({ init: ['/bin/sh'] });
    const uri = `lxc+ext:///?command=${serverCommand(virsh)}`;
    const log = virsh.path('manager.log');
    const session = virsh.file(
      'session',
      `export HOME=${virsh.prefix} XDG_RUNTIME_DIR=${virsh.prefix} GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1
virt-manager --no-fork --debug -c '${uri}' --show-domain-console ${name} >${log} 2>&1 &
echo $! $$ >${virsh.path('pids')}
until grep -q 'Opening console stream' ${log}; do sleep 0.2; done
window=$(xdotool search --sync --onlyvisible --name '${name} on' | head -n 1)
# What is typed before the terminal has the keyboard is lost.
until [ -e ${virsh.path('typed')} ]; do
  xdotool windowfocus --sync $window mousemove --window $window 300 250 click 1
  xdotool type --window $window 'echo 42 >/dev/typed'
  xdotool key --window $window Return
  sleep 0.5
done
wait
`,
    );
    const screen = virsh.startProgram('xvfb-run', '-a', '-s', '-screen 0 1200x800x24', 'dbus-launch', '--exit-with-session', 'sh', session);
    try {
      await eventually(() => virsh.inside(name, 'cat /dev/typed 2>/dev/null').includes('42'), 45_000 * SLOWNESS);
      virsh.file('typed', '');
      virsh.ok('suspend', name);
      const heard = new RegExp(`domain lifecycle event: domain=${name} state=VIR_DOMAIN_EVENT_SUSPENDED`);
      await eventually(() => heard.test(fs.readFileSync(log, 'utf8')), 10_000 * SLOWNESS);
      virsh.ok('resume', name);
      expect(fs.readFileSync(log, 'utf8')).not.toMatch(/Traceback|Error registering domain events/);
    } finally {
      virsh.file('typed', '');
      // The manager, and the script itself where it still looks for a window.
      for (const pid of fs.readFileSync(virsh.path('pids'), 'utf8').split(' ')) if (isAlive(Number(pid))) process.kill(Number(pid));
      await eventually(() => screen.exitCode !== null || screen.signalCode !== null, 10_000 * SLOWNESS);
    }
  });
});

const isAlive = (pid: number): boolean => fs.existsSync(`/proc/${pid}`);

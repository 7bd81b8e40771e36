// virt-manager itself, on a screen that nobody sees: it finds the container, opens its console, hears of what others do, and makes one.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';
import { serverCommand } from '../helpers/wire.ts';

suite('virt-manager', ['root', 'built', 'busybox', 'fuse', 'ip', 'dnsmasq', 'nft', 'virt_manager'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  const log = (): string => fs.readFileSync(virsh.path('manager.log'), 'utf8');

  it('shows a console that takes what is typed, and hears when a container is paused', async () => {
    const name = virsh.boot({ init: ['/bin/sh'] });
    const hands = `until grep -q 'Opening console stream' ${virsh.path('manager.log')}; do sleep 0.2; done
window=$(xdotool search --sync --onlyvisible --name '${name} on' | head -n 1)
# What is typed before the terminal has the keyboard is lost.
until [ -e ${virsh.path('typed')} ]; do
  xdotool windowfocus --sync $window mousemove --window $window 300 250 click 1
  xdotool type --window $window 'echo 42 >/dev/typed'
  xdotool key --window $window Return
  sleep 0.5
done`;
    await using _screen = manager(hands, '--show-domain-console', name);
    await eventually(() => virsh.inside(name, 'cat /dev/typed 2>/dev/null').includes('42'), 45_000 * SLOWNESS);
    virsh.file('typed', '');
    virsh.ok('suspend', name);
    const heard = new RegExp(`domain lifecycle event: domain=${name} state=VIR_DOMAIN_EVENT_SUSPENDED`);
    await eventually(() => heard.test(log()), 10_000 * SLOWNESS);
    virsh.ok('resume', name);
    expect(log()).not.toMatch(/Traceback|Error registering domain events/);
  });

  it('makes a container in a network by its wizard', async () => {
    networks.start(
      'default',
      `<ip address='10.78.0.1' netmask='255.255.255.0'><dhcp><range start='10.78.0.2' end='10.78.0.9'/></dhcp></ip>`,
    );
    // "Forward" of each page, and "Finish", are in one place.
    const hands = `window=$(xdotool search --sync --onlyvisible --name 'New VM' | head -n 1)
while xdotool mousemove --window $window 440 470 click 1; do sleep 0.5; done`;
    await using _screen = manager(hands, '--show-domain-creator');
    await eventually(() => virsh.ok('list', '--name').trim() === 'container1', 45_000 * SLOWNESS);
    const xml = virsh.ok('dumpxml', 'container1');
    expect(xml).toContain('<init>/bin/sh</init>');
    expect(xml).toMatch(/<interface type='network'>\n.*\n {6}<source network='default' /);
    expect(log()).not.toMatch(/Traceback/);
  });

  /** virt-manager with a hand on its keyboard and mouse; all of it ends with the result. */
  function manager(hands: string, ...args: string[]): AsyncDisposable {
    const session = virsh.file(
      'session',
      `export HOME=${virsh.prefix} XDG_RUNTIME_DIR=${virsh.prefix} GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1
virt-manager --no-fork --debug -c 'lxc+ext:///?command=${serverCommand(virsh)}' ${args.join(' ')} >${virsh.path('manager.log')} 2>&1 &
echo $! $$ >${virsh.path('pids')}
${hands}
wait
`,
    );
    const onHost = ['-t', String(networks.host.pid), '-n', '-m', '--'];
    const onScreen = ['xvfb-run', '-a', '-s', '-screen 0 1200x800x24', 'dbus-launch', '--exit-with-session', 'sh', session];
    const screen = virsh.startProgram('nsenter', ...onHost, ...onScreen);
    return {
      async [Symbol.asyncDispose]() {
        for (const pid of fs.readFileSync(virsh.path('pids'), 'utf8').split(' ')) if (isAlive(pid.trim())) process.kill(Number(pid));
        await eventually(() => screen.exitCode !== null || screen.signalCode !== null, 10_000 * SLOWNESS);
        fs.rmSync(virsh.path('typed'), { force: true });
      },
    };
  }
});

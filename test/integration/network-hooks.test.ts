import { expect, it } from 'vitest';
import { useHooks } from '../helpers/hooks.ts';
import { interfaceIn, NOTHING, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

suite('network hooks', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  const hooks = useHooks(virsh);
  const LAN = `<ip address='10.78.3.1' prefix='24'/>`;

  it('are called with the network, and the port where one is concerned, on standard input', () => {
    hooks.install('network');
    networks.start('lan', LAN);
    const domain = networks.container('lan');
    virsh.ok('net-update', 'lan', 'add', 'dns-host', `<host ip='10.78.3.1'><hostname>gate</hostname></host>`);
    virsh.ok('destroy', domain);
    virsh.ok('net-destroy', 'lan');
    expect(hooks.called()).toEqual(
      ['start begin', 'started begin', 'port-created begin', 'updated begin', 'port-deleted begin', 'stopped end'].map(
        (call) => `network lan ${call} -`,
      ),
    );
    const network = (attributes = ''): string =>
      `<hookData>\n  <network${attributes}>\n    <name>lan</name>\n    <uuid>${virsh.ok('net-uuid', 'lan').trim()}</uuid>\n`;
    for (const operation of ['start', 'started', 'stopped']) {
      expect(hooks.input(operation)).toMatch(new RegExp(`^${network()}[^]*  </network>\n</hookData>$`));
    }
    const port = `  <networkport>\n    <uuid>[0-9a-f-]{36}</uuid>\n    <owner>\n      <name>${domain}</name>\n[^]*  </networkport>\n`;
    expect(hooks.input('port-created')).toMatch(new RegExp(`^${network(" connections='1'")}[^]*  </network>\n${port}</hookData>$`));
    expect(hooks.input('port-deleted')).toMatch(new RegExp(`^${network()}[^]*  </network>\n${port}</hookData>$`));
    expect(hooks.input('updated')).toMatch(
      new RegExp(`^${network(" connections='1'")}[^]*<hostname>gate</hostname>[^]*  </network>\n</hookData>$`),
    );
  });

  it('find the bridge there once the network has started, and not before or after', () => {
    hooks.install('network', `echo "bridges: $(ip -o link show type bridge | wc -l)" >>${virsh.prefix}/calls`);
    networks.start('lan', LAN);
    virsh.ok('net-destroy', 'lan');
    const bridges = hooks.called().filter((line) => line.startsWith('bridges'));
    expect(bridges).toEqual(['bridges: 0', 'bridges: 1', 'bridges: 0']);
  });

  it('of the folder come after the one of the driver, in the order of their names', () => {
    for (const file of ['network.d/20-b', 'network.d/10-a', 'network']) hooks.install(file);
    networks.start('lan', LAN);
    expect(hooks.called().slice(0, 3)).toEqual(['network', 'network.d/10-a', 'network.d/20-b'].map((file) => `${file} lan start begin -`));
  });

  const fail = (operation: string): string => `[ $2 != ${operation} ] || { echo 'not today' >&2; exit 3; }`;
  const failure =
    /^Hook script execution failed: internal error: Child process \(LC_ALL=C .*\/hooks\/network lan \S+ begin -\) unexpected exit status 3: not today/;

  it.each(['start', 'started'])('that fail at %s call the start off, and nothing is left', (operation) => {
    hooks.install('network', fail(operation));
    networks.define('lan', LAN);
    const [first, ...rest] = virsh.error('net-start', 'lan');
    expect(first).toBe('Failed to start network lan');
    expect(rest.join('\n')).toMatch(failure);
    expect(virsh.ok('net-info', 'lan')).toMatch(/^Active: +no$/m);
    expect(networks.host.remains(virsh.prefix)).toEqual(NOTHING);
  });

  it('that fail at port-created keep the domain from starting, and the port is free', () => {
    hooks.install('network', fail('port-created'));
    networks.start('lan', LAN);
    const before = networks.host.remains(virsh.prefix);
    const domain = virsh.define({ devices: interfaceIn('lan') });
    const [first, ...rest] = virsh.error('start', domain);
    expect(first).toBe(`Failed to start domain '${domain}'`);
    expect(rest.join('\n')).toMatch(failure);
    expect(virsh.ok('net-port-list', 'lan', '--uuid').trim()).toBe('');
    expect(networks.host.remains(virsh.prefix)).toEqual(before);
  });

  it('that fail at the end keep neither a port nor a network', () => {
    hooks.install('network', 'case $2 in port-deleted|stopped) exit 1;; esac');
    networks.start('lan', LAN);
    virsh.ok('destroy', networks.container('lan'));
    expect(virsh.ok('net-port-list', 'lan', '--uuid').trim()).toBe('');
    virsh.ok('net-destroy', 'lan');
    expect(networks.host.remains(virsh.prefix)).toEqual(NOTHING);
    expect(hooks.called().at(-1)).toBe('network lan stopped end -');
  });
});

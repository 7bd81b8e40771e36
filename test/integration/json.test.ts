// --json of every command that has it: what the schema says, and the facts of the text.
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { formatBitmap } from '../../src/values/bitmap.ts';
import { commandTable } from '../../src/virsh/registry.ts';
import { shownGroups } from '../../src/vsh/help.ts';
import { eventually } from '../helpers/eventually.ts';
import { outputComplaints } from '../helpers/json-schema.ts';
import { interfaceIn, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

const MAC = '52:54:00:78:00:02';
const OTHER_MAC = '52:54:00:78:00:03';
const URI = 'urn:x';

/** In the text these have units, rounded. */
const POOL_SIZES = ['capacity_bytes', 'allocation_bytes', 'available_bytes'];
const VOLUME_SIZES = ['capacity_bytes', 'allocation_bytes', 'physical_bytes'];

interface Run {
  /** DOMAIN, NETWORK, DEVICE (the interface's) and the like stand for what the test made. */
  readonly args: string;
  /** Keys that the text has nothing of. */
  readonly silent?: readonly string[];
  /** What the text has for null, beside the usual. */
  readonly forNull?: string;
  /** Keys whose numbers are others at the next look: the text is not looked through for what the JSON has not. */
  readonly unsteady?: readonly string[];
}

const RUNS: Readonly<Record<string, readonly Run[]>> = {
  blkiotune: [{ args: 'DOMAIN' }, { args: 'DOMAIN --config' }],
  'cpu-stats': [{ args: 'DOMAIN --total' }],
  desc: [{ args: 'DOMAIN' }, { args: 'DOMAIN --title' }],
  domblkerror: [{ args: 'DOMAIN' }],
  domblkinfo: [{ args: 'DOMAIN --all' }, { args: 'DOMAIN vda', silent: ['device'] }],
  domblklist: [{ args: 'DOMAIN --details' }, { args: 'DOMAIN', silent: ['type', 'device'] }],
  domblkstat: [{ args: 'DOMAIN' }, { args: 'DOMAIN vda' }],
  domcontrol: [{ args: 'DOMAIN' }],
  domfsinfo: [{ args: 'DOMAIN' }],
  domhostname: [{ args: 'DOMAIN' }],
  domid: [{ args: 'DOMAIN' }, { args: 'OFF' }],
  'domif-getlink': [{ args: 'DOMAIN DEVICE' }],
  domifaddr: [{ args: 'DOMAIN' }, { args: 'DOMAIN --full DEVICE' }],
  domiflist: [{ args: 'DOMAIN' }, { args: 'OFF' }],
  domifstat: [{ args: 'DOMAIN DEVICE' }],
  domiftune: [
    { args: 'DOMAIN DEVICE --live', silent: ['interface'], forNull: '0' },
    { args: `OFF ${OTHER_MAC} --config`, silent: ['interface'], forNull: '0' },
  ],
  dominfo: [
    { args: 'DOMAIN', silent: ['containment'] },
    { args: 'OFF', silent: ['containment'] },
  ],
  domjobinfo: [{ args: 'DOMAIN' }, { args: 'DOMAIN --rawstats', forNull: '0' }],
  dommemstat: [{ args: 'DOMAIN' }],
  domname: [{ args: 'ID' }],
  domstate: [{ args: 'DOMAIN', silent: ['reason', 'why'] }, { args: 'DOMAIN --reason' }, { args: 'OFF --reason' }, { args: 'ENDED --why' }],
  domstats: [{ args: '' }, { args: 'DOMAIN --vm --state' }, { args: '--list-inactive' }],
  domtime: [{ args: 'DOMAIN --pretty', unsteady: ['time'] }],
  domuuid: [{ args: 'DOMAIN' }],
  emulatorpin: [
    { args: 'DOMAIN', silent: ['affinity'] },
    { args: 'OFF', silent: ['affinity'] },
  ],
  freecell: [
    { args: '', unsteady: ['total_free_bytes'] },
    { args: '0', unsteady: ['free_bytes'] },
    { args: '--all', unsteady: ['free_bytes', 'total_free_bytes'] },
  ],
  freepages: [
    { args: '--all', unsteady: ['free_pages'] },
    { args: '0 2048', silent: ['cell'] },
  ],
  guestinfo: [{ args: 'DOMAIN' }, { args: 'DOMAIN --hostname --interface' }],
  hostname: [{ args: '' }],
  'hypervisor-cpu-models': [{ args: '' }],
  'iface-list': [{ args: '' }, { args: '--all' }],
  'iface-mac': [{ args: 'IFACE' }],
  'iface-name': [{ args: 'IFACE_MAC' }],
  list: [
    { args: '', silent: ['uuid', 'persistent', 'autostart', 'title'] },
    { args: '--all --title', silent: ['uuid', 'persistent', 'autostart'] },
    { args: '--all --uuid --name', silent: ['id', 'state', 'persistent', 'autostart', 'title'] },
    { args: '--inactive --name', silent: ['uuid', 'state', 'persistent', 'autostart', 'title'] },
  ],
  maxvcpus: [{ args: '' }],
  memtune: [{ args: 'DOMAIN' }, { args: 'DOMAIN --config' }],
  metadata: [{ args: `DOMAIN ${URI}`, silent: ['uri'] }],
  'net-desc': [{ args: 'NETWORK' }, { args: 'NETWORK --title' }],
  'net-dhcp-leases': [{ args: 'NETWORK' }, { args: `NETWORK ${MAC}` }],
  'net-info': [{ args: 'NETWORK' }],
  'net-list': [
    { args: '', silent: ['uuid', 'title'] },
    { args: '--all --title', silent: ['uuid'] },
    { args: '--all --uuid', silent: ['name', 'active', 'autostart', 'persistent', 'title'] },
  ],
  'net-metadata': [{ args: `NETWORK ${URI}`, silent: ['uri'] }],
  'net-name': [{ args: 'NETWORK_UUID' }],
  'net-port-list': [{ args: 'NETWORK' }],
  'net-uuid': [{ args: 'NETWORK' }],
  'node-memory-tune': [{ args: '' }],
  nodecpumap: [{ args: '', silent: ['online_cpus'] }, { args: '--pretty' }],
  nodecpustats: [
    { args: '', unsteady: ['user_ns', 'system_ns', 'idle_ns', 'iowait_ns'] },
    { args: '--percent', unsteady: ['usage', 'user', 'system', 'idle', 'iowait'].map((name) => `${name}_percent`) },
  ],
  nodeinfo: [{ args: '' }],
  nodememstats: [
    { args: '', unsteady: ['free_bytes', 'buffers_bytes', 'cached_bytes'] },
    { args: '0', unsteady: ['free_bytes'] },
  ],
  'nodedev-info': [{ args: 'NODEDEV', silent: ['kind', 'path'] }],
  'nodedev-list': [
    { args: '', silent: ['kind', 'path', 'parent'] },
    { args: '--cap net', silent: ['kind', 'path', 'parent'] },
  ],
  numatune: [{ args: 'DOMAIN' }],
  'pool-info': [{ args: 'POOL --bytes', silent: ['path'], unsteady: POOL_SIZES }],
  'pool-list': [{ args: '--all', silent: ['uuid', 'persistent', 'path', ...POOL_SIZES] }],
  'pool-name': [{ args: 'POOL_UUID' }],
  'pool-uuid': [{ args: 'POOL' }],
  schedinfo: [{ args: 'DOMAIN' }, { args: 'DOMAIN --config' }],
  ttyconsole: [{ args: 'DOMAIN' }],
  uri: [{ args: '' }],
  vcpucount: [
    { args: 'DOMAIN' },
    { args: 'DOMAIN --maximum --config', silent: ['number', 'of'] },
    { args: 'DOMAIN --current --live', silent: ['number', 'of'] },
  ],
  vcpuinfo: [
    { args: 'DOMAIN', silent: ['affinity'] },
    { args: 'OFF', silent: ['affinity'] },
  ],
  vcpupin: [
    { args: 'DOMAIN', silent: ['affinity'] },
    { args: 'DOMAIN 0', silent: ['affinity'] },
  ],
  'vol-info': [{ args: 'VOLUME POOL --bytes', silent: ['path', 'format', 'physical_bytes'] }],
  'vol-key': [{ args: 'VOLUME POOL' }],
  'vol-list': [{ args: 'POOL', silent: ['type', 'format', ...VOLUME_SIZES] }],
  'vol-name': [{ args: 'VOLUME_PATH' }],
  'vol-path': [{ args: 'VOLUME POOL' }],
  'vol-pool': [
    { args: 'VOLUME_PATH', silent: ['uuid'] },
    { args: 'VOLUME_PATH --uuid', silent: ['name'] },
  ],
  version: [{ args: '--daemon', silent: ['program'] }],
};

/** They tell what happens, and end when they are told to. */
const FOLLOWING = ['event', 'net-event', 'nodedev-event', 'pool-event', 'logs'];

/** How texts have a value of JSON. Of a boolean they have one of several words. */
function shown(key: string, value: unknown): string[] {
  if (typeof value === 'string') {
    const isTime = key.endsWith('_time') && value.endsWith('Z');
    return isTime ? [localTime(value)] : [value];
  }
  if (value === true) return ['yes', 'enable', 'active', 'live'];
  if (value === false) return ['no', 'disable', 'inactive'];
  if (value === null) return ['-', 'N/A', 'unlimited', 'no limit'];
  const number = Number(value);
  if (key.endsWith('_ns')) return [String(number), `${(number / 1e9).toFixed(1)}s`, (number / 1e9).toFixed(9)];
  const [, size] = UNITS.find(([unit]) => unit.test(key)) ?? [undefined, 1];
  return [String(number / size), `${number / size}KiB`, number.toFixed(6)];
}

/** What the texts count in, where that is not what the JSON does. */
const UNITS: readonly (readonly [key: RegExp, size: number])[] = [
  [/^(rd|wr|rx|tx|capacity|allocation|physical)_bytes$/, 1],
  [/_bytes_per_second$/, 1000],
  [/_bytes$/, 1024],
  [/_hz$/, 1e6],
];

/** As virsh has it: by the clock of the machine. */
function localTime(time: string): string {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Every value that is no array and no object, with its key; a set of numbers is one as texts have it. */
function leaves(value: unknown, silent: readonly string[], key = ''): [key: string, value: unknown][] {
  if (silent.includes(key)) return [];
  if (Array.isArray(value) && value.every(Number.isInteger) && value.length > 0) return [[key, formatBitmap(value)]];
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, silent, key));
  if (typeof value !== 'object' || value === null) return [[key, value]];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, silent, name));
}

/** What the JSON has and the text has not. */
const missing = (json: unknown, text: string, silent: readonly string[] = []): string[] =>
  leaves(json, silent)
    .filter(([, value]) => value !== null)
    .filter(([key, value]) => !shown(key, value).some((form) => text.includes(form)))
    .map(([key, value]) => `${key} ${value}`);

/** Words with a digit in them that the text has and the JSON has not, neither as a value nor as a key. */
function unheard(json: unknown, text: string, forNull: string | undefined): string[] {
  const all = leaves(json, []);
  const known = new Set(all.flatMap(([key, value]) => [key, ...shown(key, value).flatMap((form) => [form, ...form.split(/[\s,=/]+/)])]));
  if (forNull !== undefined) known.add(forNull);
  const words = text.split(/[\s,=/]+|(?<=\w):(?=\s|$)/).filter((word) => /\d/.test(word));
  return words.filter((word) => !known.has(word) && !known.has(word.replace(/^\((.*)\)$|^'(.*)'$/, '$1$2')));
}

suite('--json', ['root', 'built', 'busybox', 'fuse', 'ip', 'nft', 'loop'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  it('has the facts of the text, as the schema has them', async () => {
    networks.start('lan', `<metadata><x:a xmlns:x='${URI}'>7</x:a></metadata><ip address='10.78.1.1' prefix='24'/><dns enable='no'/>`);
    const bridge = /^Bridge: +(\S+)/m.exec(virsh.ok('net-info', 'lan'))![1]!;
    const lease = { 'ip-address': '10.78.1.2', 'mac-address': MAC, hostname: 'box1', 'client-id': '01:02', 'expiry-time': 4102444800 };
    virsh.file(`var/lib/libvirt/dnsmasq/${bridge}.status`, JSON.stringify([lease]));
    fs.writeFileSync(virsh.file('image.raw', ''), Buffer.alloc(1024 * 1024, 1));
    const rate = "<bandwidth><inbound average='1000' peak='5000' burst='1024'/><outbound average='128'/></bandwidth>";
    const domain = virsh.boot({
      memoryKiB: 131072,
      more: `<title>A "title"</title><metadata><x:a xmlns:x='${URI}'>5</x:a></metadata><vcpu current='1'>2</vcpu>
        <memtune><hard_limit unit='KiB'>140000</hard_limit></memtune>
        <cputune><shares>2048</shares><period>100000</period><quota>50000</quota></cputune>`,
      devices: `<disk type='file'><source file='${virsh.path('image.raw')}'/><target dev='vda'/></disk>
        ${interfaceIn('lan', `<mac address='${MAC}'/><model type='virtio'/>`)}`,
    });
    const off = virsh.define({ devices: interfaceIn('lan', `<mac address='${OTHER_MAC}'/>${rate}`) });
    virsh.ok('desc', off, '--title', 'off');
    const ended = virsh.boot({ init: ['/bin/sh', '-c', 'exit 7'] });
    await virsh.waitForState(ended, 'shut off (shutdown)');
    virsh.ok('pool-define-as', 'store', 'dir', '--target', virsh.path('store'));
    virsh.ok('pool-start', 'store', '--build');
    virsh.ok('vol-create-as', 'store', 'volume', '1M');
    const [, iface, ifaceMac] = /^ (\S+) +\w+ +((?!00:00:00)\S*:\S+)$/m.exec(virsh.ok('iface-list', '--all'))!;
    const names: Readonly<Record<string, string>> = {
      DOMAIN: domain,
      OFF: off,
      ENDED: ended,
      ID: virsh.ok('domid', domain).trim(),
      NETWORK: 'lan',
      NETWORK_UUID: virsh.ok('net-uuid', 'lan').trim(),
      IFACE: iface!,
      IFACE_MAC: ifaceMac!,
      NODEDEV: `net_lo_${'00_'.repeat(5)}00`,
      POOL: 'store',
      POOL_UUID: virsh.ok('pool-uuid', 'store').trim(),
      VOLUME: 'volume',
      VOLUME_PATH: virsh.path('store/volume'),
      DEVICE: /^ (\S+) +network/m.exec(virsh.ok('domiflist', domain))![1]!,
    };
    for (const [command, runs] of Object.entries(RUNS)) {
      for (const { args, silent = [], forNull, unsteady } of runs) {
        const words = [
          command,
          ...args
            .split(' ')
            .filter(Boolean)
            .map((word) => names[word] ?? word),
        ];
        await eventually(() => {
          const line = virsh.ok(...words, '--json');
          expect([words, line.indexOf('\n')]).toEqual([words, line.length - 1]);
          const json: unknown = JSON.parse(line);
          expect([words, outputComplaints(command, json)]).toEqual([words, []]);
          const text = virsh.ok('-q', ...words);
          const found = [missing(json, text, [...silent, ...(unsteady ?? [])]), unsteady ? [] : unheard(json, text, forNull)];
          expect([words, ...found]).toEqual([words, [], []]);
          return true;
        });
      }
    }
  }, 240_000);

  it('is tried here of every command that has it', () => {
    const commands = shownGroups(commandTable).flatMap((group) => group.commands);
    const told = commands.filter(({ options }) => options.some(({ name }) => name === 'json')).map(({ name }) => name);
    expect([...new Set([...Object.keys(RUNS), ...FOLLOWING])].sort()).toEqual(told.sort());
  });

  /** What a command tells of `what` happens, as text and as JSON: so many lines of either. */
  async function followed(words: readonly string[], count: number, what: () => void) {
    const outputs = [[], ['--json']].map((json) => {
      const child = virsh.start({ stdio: ['ignore', 'pipe', 'inherit'] }, ...words, ...json);
      const output = { child, text: '', ended: once(child, 'close') };
      child.stdout!.setEncoding('utf8').on('data', (more: string) => {
        output.text += more;
      });
      return output;
    });
    for (const { child } of outputs) await eventually(() => isListening(child.pid!));
    what();
    await eventually(() => outputs.every(({ text }) => text.split('\n').length > count));
    for (const { child } of outputs) child.kill('SIGINT');
    await Promise.all(outputs.map(({ ended }) => ended));
    const [text, json] = outputs.map((output) => output.text);
    const lines = json!.split('\n');
    expect(lines.pop()).toBe('');
    return { text: text!, lines: lines.map((line) => JSON.parse(line)) };
  }

  function isListening(pid: number): boolean {
    const files = `/proc/${pid}/fd`;
    return fs.readdirSync(files).some((fd) => fs.readlinkSync(`${files}/${fd}`).includes('inotify'));
  }

  it('of events is a line for each, and nothing at the end', async () => {
    const name = virsh.define();
    const { lines, text } = await followed(['event', '--all', '--loop', '--timestamp'], 5, () => {
      virsh.ok('start', name);
      virsh.ok('desc', name, '--config', 'new');
      virsh.ok('metadata', name, URI, '--config', '--key', 'k', '--set', '<a/>');
      virsh.ok('destroy', name);
      virsh.ok('undefine', name);
    });
    expect(lines.flatMap((line) => outputComplaints('event', line))).toEqual([]);
    const told = lines.map(({ time, event, domain, kind, detail, type, uri }) => {
      const what = event === 'lifecycle' ? `${kind} ${detail}` : `type ${type}, uri ${uri ?? '<null>'}`;
      return `${time.replace('T', ' ').replace('Z', '+0000')}: event '${event}' for domain '${domain}': ${what}\n`;
    });
    expect(text).toBe(`${told.join('')}event loop interrupted\nevents received: 5\n\n`);
    expect(lines.map(({ kind, type }) => kind ?? type)).toEqual(['Started', 'description', 'element', 'Stopped', 'Undefined']);
  });

  it('of events of networks is the same', async () => {
    const { lines, text } = await followed(['net-event', '--event', 'lifecycle', '--loop'], 3, () => {
      networks.start('lan', '');
      virsh.ok('net-destroy', 'lan');
    });
    expect(lines.flatMap((line) => outputComplaints('net-event', line))).toEqual([]);
    const told = lines.map(({ event, network, kind }) => `event '${event}' for network ${network}: ${kind}\n`);
    expect(text).toBe(`${told.join('')}event loop interrupted\nevents received: 3\n\n`);
  });

  it('of what a console wrote is a line for each of its lines', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'printf "one\\ntwo \\377\\033[1m\\n> "; sleep 1; exit 3'] });
    await virsh.waitForState(name, 'shut off (shutdown)', 20_000);
    const lines = virsh
      .ok('logs', name, '--json')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.flatMap((line) => outputComplaints('logs', line))).toEqual([]);
    expect(lines.map(({ note, text }) => [note, text])).toEqual([
      [true, 'started'],
      [false, 'one'],
      [false, 'two \ufffd\x1b[1m'],
      [false, '> '],
      [true, expect.stringContaining('3')],
    ]);
    const stamped = virsh.ok('logs', name, '--timestamps').split('\n');
    expect(lines.map(({ time }) => time.replace('T', ' ').replace('Z', '+0000'))).toEqual(
      stamped.filter(Boolean).map((line) => line.slice(0, '2026-01-31 12:00:00.000+0000'.length)),
    );
  });

  it('prints nothing where the command fails', () => {
    const name = virsh.define();
    for (const args of ['domstate nosuch', `memtune ${name} --soft-limit 5`, `domifstat ${name} eth0`, 'event --list'])
      expect([args, virsh.run(...args.split(' '), '--json')]).toEqual([
        args,
        { status: 1, stdout: '', stderr: expect.stringMatching(/^error: /) },
      ]);
  });
});

// --json of the table's commands: which have it, and what the schema says of them. test/integration/json.test.ts runs them all.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandTable } from '../../../src/virsh/registry.ts';
import { shownGroups } from '../../../src/vsh/help.ts';
import { OUTPUTS, outputComplaints } from '../../helpers/json-schema.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

/** They change something, print a document that is none of JSON's, or are about the shell. */
const WITHOUT = `
  allocpages attach-device attach-disk attach-interface autostart autostart-all await capabilities cd complete connect console cp create
  define destroy detach-device detach-device-alias detach-disk detach-interface domcapabilities domif-setlink domjobabort domrename
  domxml-from-native dumpxml echo edit exec exit help iface-dumpxml lxc-enter-namespace managedsave-remove metrics net-autostart
  net-create net-define net-destroy net-dumpxml net-edit net-port-create net-port-delete net-port-dumpxml net-start net-undefine
  net-update nodedev-dumpxml nodesuspend pool-autostart pool-build pool-create pool-create-as pool-define pool-define-as pool-delete
  pool-destroy pool-dumpxml pool-edit pool-refresh pool-start pool-undefine pwd quit reboot resume self-test send-process-signal
  set-lifecycle-action setmaxmem setmem setvcpus shutdown shutdown-all start suspend sysinfo undefine update-device vol-clone vol-create
  vol-create-as vol-create-from vol-delete vol-download vol-dumpxml vol-resize vol-upload vol-wipe
`
  .trim()
  .split(/\s+/);

const commands = shownGroups(commandTable)
  .flatMap((group) => group.commands)
  .filter(({ unsupported }) => !unsupported);
const hasJson = ({ options }: (typeof commands)[number]) => options.some(({ name }) => name === 'json');

describe('--json', () => {
  it('is for every command that tells facts', () => {
    const others = commands.filter((command) => !hasJson(command)).map(({ name }) => name);
    expect(others.sort()).toEqual([...WITHOUT].sort());
  });

  it('has a schema for each of them, and for no other', () => {
    const shared = new Set([...JSON.stringify(OUTPUTS).matchAll(/#\/\$defs\/([^"]+)/g)].map(([, name]) => name!));
    const described = Object.keys(OUTPUTS.$defs).filter((name) => !shared.has(name));
    const told = [...commands.filter(hasJson).map(({ name }) => name), 'virt-top'];
    expect(described.sort()).toEqual(told.sort());
  });
});

describe('the JSON of a stored domain', () => {
  let store: TempStore;
  let transcriptOf: typeof import('../../helpers/recorded-session.ts').transcriptOf;
  beforeEach(async () => {
    store = tempStore();
    ({ transcriptOf } = await import('../../helpers/recorded-session.ts'));
    const file = store.at('a.xml');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(
      file,
      `<domain type='lxc'><name>a</name><title>T "t"</title><memory unit='KiB'>1048577</memory><vcpu current='1'>2</vcpu>
       <memtune><hard_limit unit='KiB'>9007199254740990</hard_limit></memtune>
       <os><type>exe</type><init>/i</init></os>
       <devices><disk type='block'><source dev='/dev/x'/><target dev='vda'/></disk></devices></domain>`,
    );
    expect((await transcriptOf(`define ${file}`)).errors).toEqual([]);
  });
  afterEach(() => store.remove());

  const json = async (line: string) => {
    const { ok, output, errors } = await transcriptOf(line, { quiet: false });
    expect({ ok, errors }).toEqual({ ok: true, errors: [] });
    return output;
  };

  it('is a line, with all keys', async () => {
    const [row] = JSON.parse(await json('list --all --json'));
    expect(row).toEqual({
      id: null,
      name: 'a',
      uuid: expect.any(String),
      state: 'shut off',
      persistent: true,
      autostart: false,
      title: 'T "t"',
    });
    expect(await json('domid a --json')).toBe('{"id":null}\n');
    expect(await json('domblklist a --json')).toBe('[{"target":"vda","source":"/dev/x","type":"block","device":"disk"}]\n');
    expect(await json('desc a --json; desc a --title --json')).toBe('{"description":null}\n{"title":"T \\"t\\""}\n');
    expect(JSON.parse(await json('vcpucount a --json'))).toEqual([
      { number: 'maximum', of: 'config', count: 2 },
      { number: 'current', of: 'config', count: 1 },
    ]);
  });

  it('has the filters of the text', async () => {
    expect(await json('list --json')).toBe('[]\n');
    expect(await json('list --all --transient --json')).toBe('[]\n');
    expect(JSON.parse(await json('list --all --name --json'))).toHaveLength(1);
  });

  it('has bytes, all digits of them, and null for no limit', async () => {
    expect(await json('memtune a --json')).toBe(
      '{"hard_limit_bytes":9223372036854773760,"soft_limit_bytes":null,"swap_hard_limit_bytes":null}\n',
    );
    expect(JSON.parse(await json('dominfo a --json'))).toMatchObject({ max_memory_bytes: 1048577 * 1024, cpu_time_ns: null });
  });

  it.each([
    'list --all',
    'dominfo a',
    'domstate a',
    'memtune a',
    'schedinfo a',
    'blkiotune a',
    'vcpuinfo a',
    'vcpupin a',
    'emulatorpin a',
    'numatune a',
  ])('is as the schema has it: %s', async (line) => {
    expect(outputComplaints(line.split(' ')[0]!, JSON.parse(await json(`${line} --json`)))).toEqual([]);
  });

  it('is not printed where the command fails', async () => {
    for (const line of [
      'domstate nosuch --json',
      'domifstat a eth0 --json',
      'schedinfo a --live --config --json',
      'memtune a --soft-limit 1 --json',
    ])
      expect(await transcriptOf(line)).toEqual({ ok: false, output: '', errors: expect.arrayContaining([expect.any(String)]) });
    expect((await transcriptOf('memtune a --soft-limit 1 --json')).errors).toEqual([
      'Options --json and --soft-limit are mutually exclusive',
    ]);
  });
});

describe('the schema', () => {
  it('is one that can be broken', () => {
    expect(outputComplaints('domid', { id: 3 })).toEqual([]);
    expect(outputComplaints('domid', {})).toEqual(['$.id is missing']);
    expect(outputComplaints('domid', { id: '3' })).toEqual(['$.id is no integer,null']);
    expect(outputComplaints('domid', { id: 3, more: 1 })).toEqual(['$.more is not known']);
    expect(outputComplaints('list', [{ id: 3 }])).toContain('$[0].name is missing');
    expect(outputComplaints('desc', {})).toHaveLength(1);
    expect(outputComplaints('domuuid', { uuid: 'x' })).toHaveLength(1);
    expect(outputComplaints('start', {})).toEqual(['there is no schema of start']);
  });
});

// Which values Tab completes: every option has its say, so that a new one is not forgotten.
import { describe, expect, it } from 'vitest';
import { commandTable } from '../../../src/virsh/registry.ts';

const values = commandTable.groups
  .flatMap(({ commands }) => commands.filter(({ hidden, unsupported }) => !hidden && !unsupported))
  .flatMap(({ name, options }) => options.map((option) => ({ command: name, ...option })))
  .filter(({ type, valueWord }) => (type === 'string' && valueWord !== 'number') || type === 'argv');

/** Text that is nobody's but the user's. */
const FREE: readonly string[] = [
  'attach-disk address alias cache driver io iothread serial source-host-name source-host-socket source-host-transport source-protocol subdriver target targetbus wwn',
  'attach-interface alias inbound mac model outbound source-mode target',
  'blkiotune device-weights device-read-iops-sec device-write-iops-sec device-read-bytes-sec device-write-bytes-sec',
  'capabilities xpath',
  'create pass-fds',
  'desc new-desc',
  'detach-device-alias alias',
  'domcapabilities arch machine xpath',
  'domiftune inbound outbound',
  'domrename new-name',
  'dumpxml xpath',
  'echo string',
  'emulatorpin cpulist',
  'exec user cwd env cmd',
  'hypervisor-cpu-models arch machine',
  'lxc-enter-namespace cmd',
  'logs since',
  'metadata key set uri',
  'net-desc new-desc',
  'net-dumpxml xpath',
  'net-metadata key set uri',
  'net-port-dumpxml xpath',
  'numatune nodeset',
  'start pass-fds',
  'vcpupin cpulist',
].flatMap((line) => {
  const [command, ...names] = line.split(' ');
  return names.map((name) => `${command} --${name}`);
});

describe('the table of commands', () => {
  it('completes every value but free text', () => {
    const open = values.filter(({ completes }) => completes === undefined).map(({ command, name }) => `${command} --${name}`);
    expect(open.sort()).toEqual([...FREE].sort());
  });

  it('completes a file wherever help speaks of one', () => {
    const files = values.filter(({ help }) => /^file with|or the name of a file/.test(help));
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter(({ completes }) => completes !== 'file').map(({ command, name }) => `${command} --${name}`)).toEqual([]);
  });

  it('lists no word twice', () => {
    for (const { command, name, completes } of values)
      if (Array.isArray(completes)) expect([command, name, new Set(completes).size]).toEqual([command, name, completes.length]);
  });
});

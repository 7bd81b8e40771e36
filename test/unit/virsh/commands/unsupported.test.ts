import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandStore, type TempStore } from '../../../helpers/temp-store.ts';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  ({ store, transcriptOf } = await commandStore({
    'a.xml': "<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>",
  }));
});
afterEach(() => store.remove());

/** The errors of a line about a domain `a` that is defined. */
const errors = async (line: string): Promise<string[]> => {
  expect((await transcriptOf(`define ${store.at('a.xml')}`)).errors).toEqual([]);
  const { ok, errors } = await transcriptOf(line);
  expect(ok).toBe(false);
  return errors;
};
const refusal = (api: string) => `this function is not supported by the connection driver: ${api}`;
const malformed = (word: string, option: string) => `Numeric value '${word}' for <${option}> option is malformed or out of range`;
const excluded = (one: string, other: string) => `Options --${one} and --${other} are mutually exclusive`;

describe('a command that the driver refuses', () => {
  it.each([
    ['reset a', ["Failed to reset domain 'a'", refusal('virDomainReset')]],
    ['blkdeviotune a vda --total_bytes_sec 5', ['Unable to change block I/O throttle', refusal('virDomainSetBlockIoTune')]],
    ['blockcopy a vda --dest x --raw --format q', ['option --format already seen']],
    ['reset nosuch', ["failed to get domain 'nosuch'"]],
    ["reset ''", ["Failed to get option 'domain': Option argument is empty"]],
    ["save a ''", ["Failed to get option 'file': Option argument is empty"]],
    ['screenshot a --screen -1', [malformed('-1', 'screen')]],
    ['screenshot a --screen 4294967295', ['could not take a screenshot of a', refusal('virDomainScreenshot')]],
    ['domtime a --time 99999999999999999999', [malformed('99999999999999999999', 'time')]],
    ['migrate-setspeed a -- -1', [refusal('virDomainMigrateSetMaxSpeed')]],
    ['blockcommit a vda --timeout 0', [malformed('0', 'timeout')]],
    [
      'blockresize a vda 1x',
      ["Scaled numeric value '1x' for <size> option is malformed or out of range", "invalid argument: unknown suffix 'x'"],
    ],
    ['blockpull a vda x', ["Scaled numeric value 'x' for <--bandwidth> option is malformed or out of range"]],
    ['blockpull a vda -1', [refusal('virDomainBlockPull')]],
    [
      'managedsave a --running --paused',
      ["Failed to save domain 'a' state", "Flags 'VIR_DOMAIN_SAVE_RUNNING' and 'VIR_DOMAIN_SAVE_PAUSED' are mutually exclusive"],
    ],
    [
      'dump a f --reset --live',
      ["Failed to core dump domain 'a' to f", "Flags 'VIR_DUMP_LIVE' and 'VIR_DUMP_RESET' are mutually exclusive"],
    ],
    [
      'restore f --running --paused',
      ['Failed to restore domain from f', "Flags 'VIR_DOMAIN_SAVE_RUNNING' and 'VIR_DOMAIN_SAVE_PAUSED' are mutually exclusive"],
    ],
    [
      'undefine a --storage vda,vdb',
      ["Volume 'vda' was not found in domain's definition.\n", "Volume 'vdb' was not found in domain's definition.\n"],
    ],
    ['update-memory-device a --requested-size x', ['no memory device found']],
  ])('checks what it is given: %s', async (line, expected) => {
    expect(await errors(line)).toEqual(expected);
  });

  it.each([
    ['numatune nosuch --live --current', [excluded('current', 'live')]],
    ['perf nosuch --config --current', [excluded('current', 'config')]],
    ['vcpupin nosuch --live --config --current', [excluded('current', 'live')]],
    ['setvcpus nosuch 1 --guest --config', [excluded('guest', 'config')]],
    ['domtime nosuch --now --sync', [excluded('now', 'sync')]],
    ['blockcommit nosuch vda --verbose', ['--verbose requires at least one of --timeout, --wait, --pivot, or --keep-overlay']],
    ['snapshot-list nosuch --tree --leaves', ['--leaves and --tree are mutually exclusive']],
    ['migrate nosuch lxc:/// --persistent-xml x', ['Option --persistent is required by option --persistent-xml']],
  ])('finds what does not go together before it looks for the domain: %s', async (line, expected) => {
    expect(await errors(line)).toEqual(expected);
  });

  it.each([
    ['dompmsuspend a sleep', ['Invalid target']],
    [
      'dump a f --memory-only --format x',
      ["format 'x' is not supported, expecting 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'win-dmp' or 'elf'"],
    ],
    ['dump a f --memory-only --format elf', ["Failed to core dump domain 'a' to f", refusal('virDomainCoreDump')]],
    ['set-lifecycle-action nosuch halt destroy', ["Invalid lifecycle type 'halt'."]],
    ['iothreadadd a 0', ["Invalid IOThread id value: '0'"]],
    ['emulatorpin a x', ["Invalid cpulist 'x'", "invalid argument: Failed to parse bitmap 'x'"]],
    ['iothreadpin a 1 x', ["Invalid cpulist 'x'", "invalid argument: Failed to parse bitmap 'x'"]],
    ['iothreadpin a 1 0-3,^2', [refusal('virDomainPinIOThread')]],
    ['vcpupin nosuch --cpulist 0', ['vcpupin: Missing vCPU number in pin mode.']],
    ['vcpupin a 1', ['vcpu 1 is out of range of persistent cpu count 1']],
    ['send-key a KEY_A x', ["invalid keycode: 'x'"]],
    ['send-key a --codeset xt 0x1e 30', [refusal('virDomainSendKey')]],
    ['send-key a --codeset x 1', ["unknown codeset: 'x'"]],
    ['dom-fd-associate nosuch n x', ["Unable to parse FD number 'x'"]],
    ['snapshot-create a /no/such', ["Failed to open file '/no/such': No such file or directory"]],
  ])('finds what virsh itself refuses: %s', async (line, expected) => {
    expect(await errors(line)).toEqual(expected);
  });

  it('tells the events that another driver would have', async () => {
    expect(await transcriptOf('secret-event --list')).toEqual({ ok: true, output: 'lifecycle\nvalue-changed\n', errors: [] });
  });
  it('has nothing to tell about the disks of a domain without any', async () => {
    await transcriptOf(`define ${store.at('a.xml')}`);
    expect(await transcriptOf('domblkinfo a --all', { quiet: false })).toEqual({
      ok: true,
      output: ' Target   Capacity   Allocation   Physical\n--------------------------------------------\n\n',
      errors: [],
    });
  });

  it.each([
    ['dommemstat a --period 1', ['Unable to change balloon collection period.', 'virDomainSetMemoryStatsPeriod']],
    ['nodesevinfo', ['Unable to get host SEV information', 'virNodeGetSEVInfo']],
    ['domhostname a', ['failed to get hostname', 'virDomainGetHostname']],
    ['domxml-to-native lxc-tools --domain a', [undefined, 'virConnectDomainXMLToNative']],
  ])('is forbidden on a read-only connection: %s', async (line, [doing, api]) => {
    await transcriptOf(`define ${store.at('a.xml')}`);
    const forbidden = `operation forbidden: read only access prevents ${api}`;
    expect((await transcriptOf(line, { readonly: true })).errors).toEqual(doing === undefined ? [forbidden] : [doing, forbidden]);
  });

  it.each([
    ['secret-dumpxml x', ["failed to get secret 'x'", 'uuidstr in virSecretLookupByUUIDString must be a valid UUID']],
    ['pool-name x', ["failed to get pool 'x'"]],
    ['iface-name x', ["failed to get interface 'x'"]],
    ['qemu-attach 1', ['Failed to attach to pid 1', refusal('virDomainQemuAttach')]],
  ])('tells why: %s', async (line, expected) => {
    expect(await errors(line)).toEqual(expected);
  });
});

describe('--print-xml', () => {
  // What virsh 9.0 printed on test:///default, whose domain is called otherwise.
  const recorded = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../../fixtures/print-xml.json'), 'utf8')) as {
    line: string;
    output: string;
    errors?: string[];
  }[];

  it('prints what virsh does', async () => {
    await transcriptOf(`define ${store.at('a.xml')}`);
    const printed = [];
    for (const { line } of recorded) {
      const { output, errors: complaints } = await transcriptOf(line);
      printed.push({ line, output, ...(complaints.length > 0 && { errors: complaints }) });
    }
    expect(printed).toEqual(recorded);
  });

  it('prints the XML that was given for a copy', async () => {
    await transcriptOf(`define ${store.at('a.xml')}`);
    fs.writeFileSync(store.at('copy.xml'), "<disk type='file'/>\n");
    const { output } = await transcriptOf(`blockcopy a vda --xml ${store.at('copy.xml')} --print-xml`);
    expect(output).toBe("<disk type='file'/>\n");
  });

  it.each([
    [
      `pool-define-as 'p<&' "d'r" --target '/t"' --print-xml`,
      `<pool type='d&apos;r'>\n  <name>p&lt;&amp;</name>\n  <target>\n    <path>/t&quot;</path>`,
    ],
    [`checkpoint-create-as a c --diskspec "v,bitmap=b<'" --print-xml`, `<disk name='v' bitmap='b&lt;&apos;'/>`],
    [`snapshot-create-as a s --diskspec '' --print-xml`, '  <disks>\n    <disk/>\n  </disks>'],
  ])('makes documents, whatever is written into them: %s', async (line, part) => {
    await transcriptOf(`define ${store.at('a.xml')}`);
    expect((await transcriptOf(line)).output).toContain(part);
  });
});

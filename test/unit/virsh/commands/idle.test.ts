// Commands whose answer is that there is nothing to tell, and what they say where libvirt's driver has none of them.
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandStore, type TempStore } from '../../../helpers/temp-store.ts';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  ({ store, transcriptOf } = await commandStore({
    'a.xml': "<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>",
  }));
  expect((await transcriptOf(`define ${store.at('a.xml')}`)).errors).toEqual([]);
});
afterEach(() => store.remove());

const errorsOf = async (line: string, settings = {}) => (await transcriptOf(line, settings)).errors;
const asLibvirt = () => fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
const refusal = (api: string) => `this function is not supported by the connection driver: ${api}`;
const forbidden = (api: string) => `operation forbidden: read only access prevents ${api}`;

describe('what is asked of a running domain only', () => {
  it.each([
    'domtime',
    'domtime --now',
    'domtime --time -9',
    'domcontrol',
    'domblkerror',
    'domjobinfo',
    'domjobinfo --rawstats',
    'domjobabort',
  ])('%s', async (line) => {
    const [command, ...options] = line.split(' ');
    expect(await errorsOf(`${command} a ${options.join(' ')}`)).toEqual(['Requested operation is not valid: domain is not running']);
    expect(await errorsOf(`${command} nosuch ${options.join(' ')}`)).toEqual(["failed to get domain 'nosuch'"]);
  });

  it.each([
    ['domtime a', [refusal('virDomainGetTime')]],
    ['domtime a --pretty', [refusal('virDomainGetTime')]],
    ['domtime a --sync', [refusal('virDomainSetTime')]],
    ['domcontrol a', [refusal('virDomainGetControlInfo')]],
    ['domblkerror a', [refusal('virDomainGetDiskErrors')]],
    ['domjobinfo a', [refusal('virDomainGetJobInfo')]],
    ['domjobinfo a --anystats', [refusal('virDomainGetJobInfo')]],
    ['domjobinfo a --completed', ['Optional flags or --rawstats are not supported by the daemon', refusal('virDomainGetJobStats')]],
    ['domjobinfo a --keep-completed', ['Option --completed is required by option --keep-completed']],
    ['domjobabort a', [refusal('virDomainAbortJob')]],
    ['domjobabort a --postcopy', [refusal('virDomainAbortJobFlags')]],
    ['domcapabilities', ['failed to get emulator capabilities', refusal('virConnectGetDomainCapabilities')]],
  ])('%s, where libvirt sets the measure', async (line, errors) => {
    asLibvirt();
    expect(await errorsOf(line)).toEqual(errors);
  });

  it.each([
    ['domtime a', 'virDomainGetTime'],
    ['domtime a --now', 'virDomainSetTime'],
    ['domjobabort a', 'virDomainAbortJob'],
  ])('%s is forbidden on a read-only connection', async (line, api) => {
    expect(await errorsOf(line, { readonly: true })).toEqual([forbidden(api)]);
  });
});

describe('domcapabilities', () => {
  it('tells of the containers of this host', async () => {
    const { output } = await transcriptOf('domcapabilities');
    expect(output).toMatch(
      /^<domainCapabilities>\n {2}<path>\/usr\/libexec\/libvirt_lxc<\/path>\n {2}<domain>lxc<\/domain>\n {2}<arch>\w+</,
    );
    expect(output).toMatch(/<\/domainCapabilities>\n\n$/);
    const of = async (xpath: string) => (await transcriptOf(`domcapabilities --xpath '${xpath}'`)).output;
    expect(await of('//hostdev/enum[@name="subsysType"]/value')).toBe('<value>usb</value>\n');
    expect(await of('//vcpu/@max')).toMatch(/^ max="\d+"\n$/);
  });

  it.each([
    ['--virttype kvm', 'unknown virttype: kvm'],
    ['--emulatorbin /usr/bin/qemu-system-x86_64', "unknown emulator binary '/usr/bin/qemu-system-x86_64'"],
    ['--arch vax', 'unknown architecture: vax'],
    ['--machine pc', "the machine 'pc' is not supported by emulator '/usr/libexec/libvirt_lxc'"],
  ])('refuses what is no container: %s', async (options, reason) => {
    expect(await errorsOf(`domcapabilities ${options}`)).toEqual(['failed to get emulator capabilities', `invalid argument: ${reason}`]);
    if (!options.startsWith('--emulatorbin'))
      expect(await errorsOf(`hypervisor-cpu-models ${options}`)).toEqual([
        'failed to get hypervisor CPU model names',
        `invalid argument: ${reason}`,
      ]);
  });

  it('has no models of processors', async () => {
    expect(await transcriptOf('hypervisor-cpu-models --all')).toEqual({ ok: true, output: '', errors: [] });
  });
});

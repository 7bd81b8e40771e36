// Commands about processor models and virtual machines, which mean nothing to containers. They are known, so that
// scripts get libvirt's answer and not "unknown command".

import { inContext } from '../../../errors.ts';
import { type CommandDefinition, defineCommand, failure, type OptionDefinition } from '../../command.ts';
import { readDescription } from '../files.ts';
import { refusal } from '../unsupported/outcomes.ts';

const file = { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with a description of a processor' } as const;
const virtualMachine = [
  { name: 'virttype', type: 'string', help: 'kind of virtual machine' },
  { name: 'emulator', type: 'string', help: 'path of its emulator' },
  { name: 'arch', type: 'string', help: 'its architecture' },
  { name: 'machine', type: 'string', help: 'its machine type' },
] as const;
const compare = [
  { name: 'error', type: 'bool', help: 'an incompatible processor is an error' },
  { name: 'validate', type: 'bool', help: 'check the description against its schema' },
] as const;
const baseline = [
  { name: 'features', type: 'bool', help: 'list the features of the model' },
  { name: 'migratable', type: 'bool', help: 'leave out features that prevent migration' },
] as const;

interface Refusal {
  name: string;
  summary: string;
  options: readonly OptionDefinition[];
  /** The API function that libvirt's driver lacks. */
  api: string;
  /** What virsh says was being done; `FILE` stands for that operand. */
  doing?: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'cpu-baseline',
    summary: 'the processor that several have in common (virtual machines only)',
    options: [file, ...baseline],
    api: 'virConnectBaselineCPU',
  },
  {
    name: 'cpu-compare',
    summary: "compare a processor with the host's (virtual machines only)",
    options: [file, ...compare],
    api: 'virConnectCompareCPU',
    doing: 'Failed to compare host CPU with FILE',
  },
  {
    name: 'cpu-models',
    summary: 'processor models of an architecture (virtual machines only)',
    options: [{ name: 'arch', type: 'string', required: true, help: 'the architecture' }],
    api: 'virConnectGetCPUModelNames',
    doing: 'failed to get CPU model names',
  },
  {
    name: 'hypervisor-cpu-baseline',
    summary: 'the processor that several have in common for an emulator (virtual machines only)',
    options: [
      { ...file, required: false },
      ...virtualMachine,
      ...baseline,
      { name: 'model', type: 'string', help: 'one processor model instead of a file' },
    ],
    api: 'virConnectBaselineHypervisorCPU',
  },
  {
    name: 'hypervisor-cpu-compare',
    summary: 'compare a processor with what an emulator offers (virtual machines only)',
    options: [file, ...virtualMachine, ...compare],
    api: 'virConnectCompareHypervisorCPU',
    doing: 'Failed to compare hypervisor CPU with FILE',
  },
  {
    name: 'nodesevinfo',
    summary: 'memory encryption of the host (virtual machines only)',
    options: [],
    api: 'virNodeGetSEVInfo',
    doing: 'Unable to get host SEV information',
  },
];

export const refusedHostCommands: readonly CommandDefinition[] = REFUSALS.map(refusedCommand);

function refusedCommand({ name, summary, options, api, doing }: Refusal): CommandDefinition {
  return defineCommand({
    name,
    group: 'host',
    store: false,
    summary,
    description: 'The LXC driver does not support this command.',
    options,
    unsupported: true,
    run(context, args) {
      const path: unknown = (args as Readonly<Record<string, unknown>>)['file'];
      if (typeof path === 'string') requireCpu(path);
      const error = refusal(context, api);
      throw doing === undefined ? error : inContext(doing.replace('FILE', String(path)), error);
    },
  });
}

/** virsh looks into the file before it asks the driver. */
function requireCpu(path: string): void {
  if (/<cpu[\s/>]/.test(readDescription(path))) return;
  throw failure(`File '${path}' does not contain any <cpu> element or valid domain XML, host capabilities XML, or domain capabilities XML`);
}

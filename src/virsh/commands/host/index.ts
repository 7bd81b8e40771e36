import type { CommandDefinition } from '../../command.ts';
import { allocpages } from './allocpages.ts';
import { capabilities } from './capabilities.ts';
import { domcapabilities, hypervisorCpuModels } from './domcapabilities.ts';
import { freecell } from './freecell.ts';
import { freepages } from './freepages.ts';
import { hostname } from './hostname.ts';
import { maxvcpus } from './maxvcpus.ts';
import { nodeMemoryTune } from './node-memory-tune.ts';
import { nodecpumap } from './nodecpumap.ts';
import { nodecpustats } from './nodecpustats.ts';
import { nodeinfo } from './nodeinfo.ts';
import { nodememstats } from './nodememstats.ts';
import { nodesuspend } from './nodesuspend.ts';
import { sysinfo } from './sysinfo.ts';
import { refusedHostCommands } from './unsupported.ts';
import { uri } from './uri.ts';
import { version } from './version.ts';

const supported = [
  allocpages,
  capabilities,
  domcapabilities,
  freecell,
  freepages,
  hostname,
  hypervisorCpuModels,
  maxvcpus,
  nodeMemoryTune,
  nodecpumap,
  nodecpustats,
  nodeinfo,
  nodememstats,
  nodesuspend,
  sysinfo,
  uri,
  version,
];

export const hostCommands: readonly CommandDefinition[] = [...supported, ...refusedHostCommands].sort((a, b) => (a.name < b.name ? -1 : 1));

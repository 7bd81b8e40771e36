// How a process comes to be where a container's files are, with no more rights there than the container's root has: the first steps of
// a file server (copy/server.ts), which looks at them in our stead. Pure.
import {
  AT_FDCWD,
  CLONE_NEWNS,
  CLONE_NEWUSER,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
} from '../../../lib-native/constants.ts';
import type { Step } from '../../../lib-native/plan-encoding.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { Containment } from '../../security/containment.ts';
import { confine } from './contain.ts';
import { hasUserNamespace } from './namespaces.ts';
import { becomeRoot, dropCapabilities, enterRoot, type HostFacts, limitCapabilities, type OnExecLabel, ownKeyring } from './plan.ts';
import { step } from './steps.ts';

export interface FileServerInputs {
  host: HostFacts;
  containment: Containment;
}

/** By it the server opens what it holds already: a directory of the host's /proc, whatever the container has there. The first step. */
export const ownDescriptors = (): Step =>
  step('openat', [AT_FDCWD, '/proc/self/fd', O_PATH | O_DIRECTORY | O_CLOEXEC], 'Failed to open /proc/self/fd');

/** Modes are given as they are to be. */
const exactModes = (): Step => step('umask', [0], 'umask failed');

/** On the host, for whoever calls. */
export const hostFiles = (): Step[] => [ownDescriptors(), exactModes()];

/**
 * In a container that runs: its mounts, ids, capabilities and filter. Not its PID namespace, where it would be seen, nor its cgroups:
 * one that a file system holds up for ever would keep them from going.
 */
export function runningFiles(
  definition: DomainDefinition,
  {
    host,
    containment,
    initPidfd,
    mountNamespace,
    label,
  }: FileServerInputs & { initPidfd: number; mountNamespace: number | undefined; label: OnExecLabel | undefined },
): Step[] {
  const purpose = 'Failed to enter the namespaces';
  const users = hasUserNamespace(definition) ? CLONE_NEWUSER : 0;
  const taken = label && takeAtOnce(label);
  const enter =
    mountNamespace === undefined
      ? [step('setns', [initPidfd, CLONE_NEWNS | users], purpose)]
      : [step('setns', [mountNamespace, CLONE_NEWNS], purpose), step('close', [mountNamespace], purpose)];
  return [
    ownDescriptors(),
    ownKeyring(),
    ...(taken ? [taken.open] : []),
    ...enter,
    step('close', [initPidfd], 'Failed to close the pidfd of init'),
    ...(users === 0 ? [] : becomeRoot()),
    exactModes(),
    ...confine(containment, host.machine),
    ...dropCapabilities(definition, containment, host),
    limitCapabilities(definition, containment, host),
    ...(taken?.write ?? []),
  ];
}

/** Opened while /proc is the host's; taken last, as it may forbid what comes before. */
function takeAtOnce({ file, text }: OnExecLabel): { open: Step; write: Step[] } {
  const purpose = `Failed to set security label '${text}'`;
  const open = step('openat', [AT_FDCWD, `/proc/${file}`, O_WRONLY | O_CLOEXEC], purpose);
  const write = step('write', [{ step: open }, text, Buffer.byteLength(text)], purpose);
  return { open, write: [write, step('close', [{ step: open }], purpose)] };
}

/** In the root of one that does not: `root`, a mount that is attached nowhere, becomes the server's. Its ids stay the disk's. */
export function stoppedFiles(definition: DomainDefinition, { host, containment, root }: FileServerInputs & { root: number }): Step[] {
  const asHost = { ...definition, idmap: { uid: [], gid: [] } };
  return [
    ownDescriptors(),
    ownKeyring(),
    step('unshare', [CLONE_NEWNS], 'Failed to make a mount namespace'),
    step('mount', [null, '/', null, MS_REC | MS_PRIVATE, null], 'Failed to make root private'),
    ...enterRoot({ root }),
    step('close', [root], 'Failed to close the root file system'),
    exactModes(),
    ...confine(containment, host.machine),
    ...dropCapabilities(asHost, containment, host),
    limitCapabilities(asHost, containment, host),
  ];
}

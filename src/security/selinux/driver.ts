// SELinux: a container's processes have a context of their own, and so has every file system that is made for it. Its files on the
// host keep theirs: libvirt's LXC driver relabels none, and who makes a root labels it (man page, SECURITY LABELS).
// All by files of the kernel's (selinuxfs, proc_pid_attr(5)) and of the policy's: libselinux would have to be loaded for it.
import fs from 'node:fs';
import { EINVAL } from '../../../lib-native/constants.ts';
import type { Seclabel } from '../../domain/definition.ts';
import { errnoCode, libvirtError, systemError } from '../../errors.ts';
import { readText } from '../../host/system-files.ts';
import type { LabelDriver } from '../label-driver.ts';
import { categoryRange, freeLevel } from './categories.ts';
import { type Context, formatContext, parseContext } from './context.ts';
import { type LxcContexts, parseLxcContexts } from './lxc-contexts.ts';

const SELINUXFS = '/sys/fs/selinux';
/** Of init systems, in policies for containers and ours (src/selinux); Debian's lxc_contexts does not name it. */
const INIT_TYPE = 'container_init_t';

export const selinux: LabelDriver = {
  model: 'selinux',
  isUsable: () => lxcContexts() !== undefined,
  baselabel: () => lxcContexts()?.process,
  isLabel: (label) => parseContext(label) !== undefined && isKnown(label),
  choose: (_definition, seclabel, taken, isInit) => chosen(seclabel, taken, isInit),
  prepare: () => {},
  release: () => {},
  mountOptions: ({ imagelabel }) => (imagelabel === undefined ? {} : { context: imagelabel }),
  onExec: ({ label }) => (label === undefined ? undefined : { file: 'thread-self/attr/exec', text: label }),
  labelOf: (pid) => ({ label: processContext(String(pid)), isEnforcing: readText(`${SELINUXFS}/enforce`) === '1' }),
};

function lxcContexts(): LxcContexts | undefined {
  const policy = /^\s*SELINUXTYPE\s*=\s*(\S+)/m.exec(readText('/etc/selinux/config') ?? '')?.[1] ?? 'targeted';
  const text = readText(`/etc/selinux/${policy}/contexts/lxc_contexts`);
  return text === undefined ? undefined : parseLxcContexts(text);
}

/** Throws SYSTEM_ERROR. */
function processContext(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/attr/current`, 'latin1').replace(/[\0\n]+$/, '');
  } catch (error) {
    throw systemError(`unable to get PID ${pid} security context`, error);
  }
}

function chosen(seclabel: Seclabel, taken: readonly Seclabel[], isInit = false): Seclabel {
  const bases = lxcContexts()!;
  const ours = contextOf(processContext('self'), 'Unable to parse current SELinux context');
  const file = (range: string): Context => withRange(contextOf(bases.file, 'Unable to parse base SELinux context'), range);
  switch (seclabel.type) {
    case 'static': {
      const { range } = contextOf(seclabel.label!, 'unable to allocate socket security context');
      if (range === undefined) throw systemError('unable to get selinux context range', EINVAL);
      return { ...seclabel, label: valid([seclabel.label!]), imagelabel: valid(asOurs(file(range), { user: ours.user })) };
    }
    case 'dynamic': {
      const range = freeLevel(categoryRange(ours.range), levelsOf(taken), random);
      const labels = (seclabel.baselabel === undefined ? baseLabels(bases, isInit) : [seclabel.baselabel])
        .map((text) => withRange(contextOf(text, 'Unable to parse base SELinux context'), range))
        .flatMap((base) => asOurs(base, { user: ours.user, role: ours.role }));
      const label = valid(labels);
      return { ...seclabel, relabel: 'yes', label, imagelabel: valid(asOurs(file(range), { user: ours.user })) };
    }
    default:
      return seclabel;
  }
}

/**
 * What dynamic labels are made from, the first that the policy knows. Differs from libvirt, which labels an init system as anything else:
 * systemd's services with mounts of their own do not start then. podman does as we do.
 */
function baseLabels({ process, init }: LxcContexts, isInit: boolean): string[] {
  const known = parseContext(process);
  if (!isInit || !known) return [process];
  return [init ?? formatContext({ ...known, type: INIT_TYPE }), process];
}

/**
 * A context with user and role of whoever starts the container, as libvirt makes it with its daemon's; then as lxc_contexts has it.
 * Differs from libvirt, which has no second: a daemon is always `system_u:system_r`, who calls us may be a person, with a role that
 * the policy gives no container's type.
 */
const asOurs = (context: Context, ours: Partial<Context>): string[] => [formatContext({ ...context, ...ours }), formatContext(context)];

const withRange = (context: Context, range: string): Context => ({ ...context, range });

function contextOf(text: string, complaint: string): Context {
  const context = parseContext(text);
  if (!context) throw systemError(`${complaint} '${text}'`, EINVAL);
  return context;
}

/** The levels that others have, each of them for its whole range. */
const levelsOf = (taken: readonly Seclabel[]): ReadonlySet<string> =>
  new Set(taken.flatMap(({ label }) => (label === undefined ? [] : (parseContext(label)?.range ?? []))));

/** The first that the policy knows. Differs from libvirt, which finds out in the container, without a word of what is missing. */
function valid(contexts: readonly string[]): string {
  const known = contexts.find(isKnown);
  if (known !== undefined) return known;
  throw libvirtError(
    'CONFIG_UNSUPPORTED',
    `the SELinux policy of this host has no context '${contexts.at(-1)}': a policy for containers is missing`,
  );
}

/** Asks the kernel (selinuxfs, `context`). Who may not ask finds out in the container. */
function isKnown(context: string): boolean {
  let fd: number | undefined;
  try {
    fd = fs.openSync(`${SELINUXFS}/context`, 'r+');
    fs.writeSync(fd, `${context}\0`);
    return true;
  } catch (error) {
    return errnoCode(error) !== 'EINVAL';
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

const random = (below: number): number => crypto.getRandomValues(new Uint32Array(1))[0]! % below;

// The plan of lxc-enter-namespace: one more process in a container, held as its init is. Pure.
//
// The container must never see a process with more than its own rights. So the child becomes what the command is to be, from
// outside the container's PID namespace: cgroup, keyring, namespaces, ids, capabilities, and only then makes the process that
// is born in that namespace and executes the command.
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  EACCES,
  ENOENT,
  ENOTDIR,
  PER_LINUX32,
  SIGCHLD,
  TIOCSCTTY,
} from '../../../lib-native/constants.ts';
import type { Plan, Step } from '../../../lib-native/plan-encoding.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { Containment } from '../../security/containment.ts';
import { confine } from './contain.ts';
import { initEnvironment } from './environment.ts';
import { hasUserNamespace } from './namespaces.ts';
import {
  bearInto,
  becomeRoot,
  dropCapabilities,
  enterDirectory,
  finish,
  type HostFacts,
  type InitIdentity,
  joinDirectories,
  labelOnExec,
  limitCapabilities,
  type OnExecLabel,
  openFilesLimit,
  ownKeyring,
  SPECIAL,
  takeIdentity,
} from './plan.ts';
import { type Mount, mountNew, step } from './steps.ts';

export interface EnterInputs {
  host: HostFacts;
  containment: Containment;
  /** A pidfd of the container's init, as the child will see it. */
  initPidfd: number;
  /** Of the mount namespace to enter, where it is not to be whatever init is in by then. */
  mountNamespace?: number | undefined;
  cgroup: { directories: string[]; payload: string | undefined };
  argv: string[];
  env: string[];
  /** Which of the standard files is the terminal of the command's session; undefined: it has none. */
  terminal?: number | undefined;
  /** Who the command is; undefined: root. */
  identity?: InitIdentity | undefined;
  /** Where it starts, instead of /. */
  cwd?: string | undefined;
  /** A name without a slash is looked for in the PATH of `env`, as a shell would. */
  searchesPath?: boolean;
  /** The security label that the command is executed with. */
  label?: OnExecLabel | undefined;
}

/**
 * Joins the container's groups, namespaces and ids, drops what init has not, and executes argv[0] in a session of its own.
 * Differs from libvirt, which leaves the command all capabilities, its caller's terminal and, under an idmap, no identity.
 */
export function compileEnterPlan(definition: DomainDefinition, inputs: EnterInputs): Plan {
  const { host, containment, initPidfd, mountNamespace, cgroup, terminal } = inputs;
  const plan: Plan = { cloneFlags: 0, parent: [], child: [] };
  bearInto(cgroup.payload, plan);
  const flags =
    (mountNamespace === undefined ? CLONE_NEWNS : 0) |
    CLONE_NEWUTS |
    CLONE_NEWIPC |
    CLONE_NEWNET |
    CLONE_NEWPID |
    CLONE_NEWCGROUP |
    (host.hasTimeNamespaces ? CLONE_NEWTIME : 0) |
    (hasUserNamespace(definition) ? CLONE_NEWUSER : 0);
  plan.child = [
    ...joinDirectories(cgroup.directories),
    ownKeyring(),
    openFilesLimit(host),
    ...takeLabel(inputs.label),
    // Of the PID namespace that is for processes yet to be made.
    step('setns', [initPidfd, flags], 'Failed to enter the namespaces'),
    step('close', [initPidfd], 'Failed to close the pidfd of init'),
    ...(mountNamespace === undefined ? [] : enterMounts(mountNamespace)),
    ...(hasUserNamespace(definition) ? becomeRoot() : []),
    ...(host.is32Bit ? [step('personality', [PER_LINUX32], 'Failed to set personality')] : []),
    ...confine(containment, host.machine),
    ...dropCapabilities(definition, containment, host),
    ...becomeUser(definition, inputs),
    // A brother instead of a child, so that the controller is who waits for it.
    step('clone', [CLONE_PARENT | SIGCHLD, 0, 0, 0, 0], 'Failed to make a process', { forks: true }),
    step('setsid', [], 'setsid failed'),
    ...(terminal === undefined ? [] : [step('ioctl', [terminal, TIOCSCTTY, 0], 'Failed to set the controlling terminal')]),
    ...finish(3),
    ...(inputs.cwd === undefined ? [] : enterDirectory(inputs.cwd, { late: false })),
    ...execute(inputs),
  ];
  return plan;
}

/** While the capabilities for it are there; who is not root has none afterwards (capabilities(7)). */
function becomeUser(definition: DomainDefinition, { host, containment, identity }: EnterInputs): Step[] {
  const taken = identity ? takeIdentity(identity) : [];
  return identity && identity.uid !== 0 ? taken : [...taken, limitCapabilities(definition, containment, host)];
}

/** Outside yet, and nothing of it stays open: what the container could find in there is a way out. It holds across clone(2). */
function takeLabel(label: OnExecLabel | undefined): Step[] {
  if (!label) return [];
  const purpose = 'Failed to mount proc';
  const proc = mountNew('proc', SPECIAL, purpose);
  const { open, write } = labelOnExec(label, proc.mount);
  const [context] = proc.steps;
  const close = (opened: Mount) => step('close', [opened], purpose);
  return [...proc.steps, close({ step: context! }), ...open, close(proc.mount), ...write];
}

const enterMounts = (namespace: number): Step[] => [
  step('setns', [namespace, CLONE_NEWNS], 'Failed to enter the namespaces'),
  step('close', [namespace], 'Failed to close the mount namespace'),
];

/** The last attempt tells what is wrong, as the kernel says it of the name as it stands. */
function execute({ argv, env, searchesPath }: EnterInputs): Step[] {
  const name = argv[0]!;
  const attempt = (path: string, extra: Partial<Step> = {}) => step('execve', [path, argv, env], `cannot execute '${name}'`, extra);
  if (!searchesPath || name.includes('/') || name === '') return [attempt(name)];
  const searchPath = env.find((text) => text.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const places = searchPath.split(':').map((directory) => `${directory || '.'}/${name}`);
  return [...places.map((path) => attempt(path, { tolerate: [ENOENT, ENOTDIR, EACCES] })), attempt(name)];
}

/** The caller's variables that a command in a container gets: those about its terminal and language. */
const HANDED_ON = /^(TERM|LANG|LC_[A-Z]+)$/;

/** The environment of init, with what a person at a terminal expects of the caller's. Differs from libvirt, which hands on all of that. */
export function enterEnvironment(
  definition: DomainDefinition,
  host: HostFacts,
  caller: Readonly<Record<string, string | undefined>>,
): string[] {
  const environment = new Map(initEnvironment(definition, host).map((text) => [text.slice(0, text.indexOf('=')), text]));
  for (const [name, value] of Object.entries(caller))
    if (HANDED_ON.test(name) && value !== undefined) environment.set(name, `${name}=${value}`);
  return [...environment.values()];
}

/** Where a shell of root looks for programs: what people type is found in /usr/sbin, too. */
const SEARCH_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * That of exec: an <initenv> of PATH counts, without one programs of all usual places are found. Then the user's own variables,
 * and above all `given`, NAME=VALUE.
 */
export function commandEnvironment(
  definition: DomainDefinition,
  entered: readonly string[],
  { name, home }: { name?: string | undefined; home?: string | undefined },
  given: readonly string[],
): string[] {
  const nameOf = (text: string) => text.slice(0, text.indexOf('='));
  const environment = new Map(entered.map((text) => [nameOf(text), text]));
  const own = [
    ...(definition.os.initenv.some((variable) => variable.name === 'PATH') ? [] : [SEARCH_PATH]),
    ...(name === undefined ? [] : [`USER=${name}`, `LOGNAME=${name}`]),
    ...(home === undefined ? [] : [`HOME=${home}`]),
  ];
  for (const text of [...own, ...given]) environment.set(nameOf(text), text);
  return [...environment.values()];
}

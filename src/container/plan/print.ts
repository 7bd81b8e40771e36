// A plan as text, a line for each system call, as strace(1) would show it: what `start --dry-run` prints. Pure.
import {
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_SET_MODE_FILTER,
  SYS,
  syscallName,
} from '../../../lib-native/constants.ts';
import { type Argument, GO, type Plan, type Step, type Structure } from '../../../lib-native/plan-encoding.ts';

const CLONE_FLAGS: [number, string][] = [
  [0x00020000, 'CLONE_NEWNS'],
  [0x04000000, 'CLONE_NEWUTS'],
  [0x08000000, 'CLONE_NEWIPC'],
  [0x10000000, 'CLONE_NEWUSER'],
  [0x20000000, 'CLONE_NEWPID'],
  [0x40000000, 'CLONE_NEWNET'],
];

export function formatPlan(plan: Plan): string {
  const flags = CLONE_FLAGS.filter(([bit]) => plan.cloneFlags & bit).map(([, name]) => name);
  if (plan.cgroup) flags.push('CLONE_INTO_CGROUP');
  const numbers = new Map<Step, string>();
  const list = (steps: Step[], prefix: string): string[] => {
    steps.forEach((step, i) => {
      numbers.set(step, `${prefix}${i + 1}`);
    });
    return steps.flatMap((step) => [formatStep(step, numbers), ...(step.notes ?? []).map((note) => `        ${note}`)]);
  };
  const lines = [...list(plan.parent, 'p'), `clone3({flags=${flags.join('|') || '0'}})`, ...list(plan.child, '')];
  return `${lines.join('\n')}\n`;
}

/** Numbers that have a name as an argument of one call: by the call and the place. */
const NAMES: ReadonlyMap<string, string> = new Map([
  [`${SYS.seccomp}/0/${SECCOMP_SET_MODE_FILTER}`, 'SECCOMP_SET_MODE_FILTER'],
  [`${SYS.seccomp}/1/${SECCOMP_FILTER_FLAG_SPEC_ALLOW}`, 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'],
  [`${SYS.prctl}/0/${PR_SET_NO_NEW_PRIVS}`, 'PR_SET_NO_NEW_PRIVS'],
]);

function formatStep(step: Step, numbers: Map<Step, string>): string {
  const args = step.args
    .map((argument, i) => NAMES.get(`${step.call}/${i}/${String(argument)}`) ?? formatArgument(argument, numbers))
    .join(', ');
  const name = `${numbers.get(step)}:`.padEnd(5);
  return `${name} ${syscallName(step.call)}(${args})`;
}

function formatArgument(argument: Argument, numbers: Map<Step, string>): string {
  if (argument === null) return 'NULL';
  if (argument === GO) return '<go>';
  if (typeof argument === 'string') return JSON.stringify(argument);
  if (Array.isArray(argument)) return `[${argument.map((text) => JSON.stringify(text)).join(', ')}]`;
  if (Buffer.isBuffer(argument))
    return argument.every((byte) => byte === 0) ? `{0 x ${argument.length}}` : `{${argument.toString('hex').replace(/(00)+$/, '…')}}`;
  if (typeof argument === 'object' && 'bytes' in argument) return formatStructure(argument);
  if (typeof argument === 'object' && 'reply' in argument) return `{reply x ${argument.reply.length}}`;
  if (typeof argument === 'object') return `<${numbers.get(argument.step)}>`;
  return argument === -100 ? 'AT_FDCWD' : Number(argument) > 4096 ? `0x${argument.toString(16)}` : String(argument);
}

/** struct sock_fprog: that is all there is so far. */
const formatStructure = ({ bytes }: Structure): string => `{len=${bytes.readUInt16LE(0)}, filter=...}`;

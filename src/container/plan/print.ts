// A plan as text, a line for each system call, as strace(1) would show it: what `start --dry-run` prints. Pure.
import { syscallName } from '../../../lib-native/constants.ts';
import { type Argument, GO, type Plan, type Step } from '../../../lib-native/plan-encoding.ts';

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
    return steps.map((step) => formatStep(step, numbers));
  };
  const lines = [...list(plan.parent, 'p'), `clone3({flags=${flags.join('|') || '0'}})`, ...list(plan.child, '')];
  return `${lines.join('\n')}\n`;
}

function formatStep(step: Step, numbers: Map<Step, string>): string {
  const args = step.args.map((argument) => formatArgument(argument, numbers)).join(', ');
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
  if (typeof argument === 'object') return `<${numbers.get(argument.step)}>`;
  return argument === -100 ? 'AT_FDCWD' : Number(argument) > 4096 ? `0x${argument.toString(16)}` : String(argument);
}

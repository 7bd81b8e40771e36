// A plan as lines that say everything about each step: call, arguments, tolerated errnos (~), flags, purpose (--).
import { syscallName } from '../../lib-native/constants.ts';
import { type Argument, GO, type Plan, type Step } from '../../lib-native/plan-encoding.ts';

/** The steps of one list. A result of an earlier step reads `<fsmount proc>`: its call and the first text that it was about. */
export function describeSteps(steps: readonly Step[], parents: readonly Step[] = []): string[] {
  return steps.map((step, i) => {
    const known = new Set([...parents, ...steps.slice(0, i)]);
    const args = step.args.map((argument) => describeArgument(argument, known)).join(', ');
    const marks = [
      step.tolerate?.length ? ` ~${step.tolerate.join()}` : '',
      step.nonZero ? ' nonzero' : '',
      step.late ? ' late' : '',
      step.forks ? ' forks' : '',
      step.inside ? ' inside' : '',
      step.whole ? ' whole' : '',
    ];
    return `${syscallName(step.call)}(${args})${marks.join('')} -- ${step.purpose}`;
  });
}

/** Everything of a plan. */
export function describePlan(plan: Plan) {
  return {
    cloneFlags: plan.cloneFlags,
    cgroup: plan.cgroup && plan.parent.indexOf(plan.cgroup),
    view: plan.view,
    parent: describeSteps(plan.parent),
    child: describeSteps(plan.child, plan.parent),
  };
}

function describeArgument(argument: Argument, known: ReadonlySet<Step>): string {
  if (argument === null) return 'null';
  if (argument === GO) return '<go>';
  if (typeof argument === 'string' || Array.isArray(argument)) return JSON.stringify(argument);
  if (Buffer.isBuffer(argument)) return `${argument.length}:${argument.toString('hex').replace(/(00)+$/, '')}`;
  if (typeof argument === 'object' && 'bytes' in argument) return 'structure';
  if (typeof argument === 'object' && 'reply' in argument) return `reply:${argument.reply.length}`;
  if (typeof argument === 'object') return known.has(argument.step) ? `<${label(argument.step)}>` : `<later ${label(argument.step)}>`;
  return String(argument);
}

function label(step: Step): string {
  return `${syscallName(step.call)} ${subject(step)}`;
}

function subject(step: Step): string {
  const [text] = step.args.filter((argument) => typeof argument === 'string');
  if (text !== undefined) return text;
  for (const argument of step.args) {
    if (typeof argument === 'object' && argument !== null && 'step' in argument) return subject(argument.step);
  }
  return '';
}

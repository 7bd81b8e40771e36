import { defineCommand, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const CONDITION = 'domain-inactive';
/** libvirt's other one. */
const OF_AN_AGENT = 'guest-agent-available';
/** As virsh has it: the condition does not hold, and nothing failed. */
const GAVE_UP = 2;

export const awaitCommand = defineCommand({
  name: 'await',
  group: 'events',
  summary: 'wait for the end of a domain',
  description:
    'Returns when the domain is off, at once if it does not run. The exit status is 2 if it still ran when the time was over or the ' +
    'wait was interrupted. The only condition is domain-inactive: containers have no guest agent that could become available.',
  options: [
    domainOption(),
    { name: 'condition', type: 'string', required: true, namedOnly: true, completes: [CONDITION], help: `what to wait for: ${CONDITION}` },
    { name: 'timeout', type: 'int', namedOnly: true, min: 1, max: 2147483, help: 'give up after so many seconds' },
  ],
  async run(context, args) {
    const { condition } = args;
    if (condition === OF_AN_AGENT) throw failure(`Condition '${condition}' never holds: containers have no guest agent`);
    if (condition !== CONDITION) throw failure(`Unsupported await condition name '${condition}'`);
    const timeoutMs = args.timeout === undefined ? undefined : args.timeout * 1000;
    const domain = await findDomain(context, args);
    const { awaitInactive } = await import('../../../driver/domain/await.ts');
    let interrupted = false;
    const interrupt = () => {
      interrupted = true;
    };
    process.on('SIGINT', interrupt);
    try {
      const outcome = await awaitInactive(context.connection, domain, { timeoutMs, isInterrupted: () => interrupted });
      if (outcome === 'inactive') return true;
      context.extra(`event loop ${outcome}\n`);
      context.exitWith(GAVE_UP);
      return false;
    } finally {
      process.off('SIGINT', interrupt);
    }
  },
});

import { withContext } from '../../../errors.ts';
import { defineCommand, failure } from '../../command.ts';

const TARGETS = ['mem', 'disk', 'hybrid'] as const;

export const nodesuspend = defineCommand({
  name: 'nodesuspend',
  group: 'host',
  store: false,
  summary: 'put the whole host to sleep for a while',
  description: 'Suspends the host, all containers with it, and lets its clock wake it after the given time.',
  options: [
    {
      name: 'target',
      type: 'string',
      required: true,
      completes: TARGETS,
      help: 'mem (memory stays powered), disk (memory is written to disk) or hybrid (both)',
    },
    { name: 'duration', type: 'int', required: true, help: 'seconds, at least 60' },
  ],
  async run(context, args) {
    const word = args.target;
    const seconds = args.duration;
    const target = TARGETS.find((name) => name === word);
    if (target === undefined) throw failure('Invalid target');
    if (seconds < 0) throw failure('Invalid duration');
    const { suspendNode } = await import('../../../driver/node/host.ts');
    await withContext('The host was not suspended', () => suspendNode(context.connection, target, seconds));
  },
});

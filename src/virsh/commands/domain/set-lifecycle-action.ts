import { LIFECYCLE_ACTIONS, LIFECYCLE_FIELDS, type LifecycleEvent } from '../../../domain/elements/lifecycle.ts';
import { withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const setLifecycleAction = defineCommand({
  name: 'set-lifecycle-action',
  group: 'domain',
  summary: 'what becomes of a domain when it ends',
  description:
    'Sets what follows when the container of a domain is shut down (poweroff), reboots or crashes: destroy, restart, and others that ' +
    'mean one of these two for a container. libvirt has this for virtual machines only.',
  options: [
    domainOption(),
    { name: 'type', type: 'string', required: true, completes: Object.keys(LIFECYCLE_FIELDS), help: 'poweroff, reboot or crash' },
    { name: 'action', type: 'string', required: true, completes: LIFECYCLE_ACTIONS, help: 'what is done then' },
    CONFIG,
    LIVE,
    CURRENT,
  ],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    if (!Object.hasOwn(LIFECYCLE_FIELDS, args.type)) throw failure(`Invalid lifecycle type '${args.type}'.`);
    const action = LIFECYCLE_ACTIONS.find((known) => known === args.action);
    if (action === undefined) throw failure(`Invalid lifecycle action '${args.action}'.`);
    const domain = await findDomain(context, args);
    const { setLifecycleAction: set } = await import('../../../driver/domain/lifecycle-action.ts');
    await withContext('Unable to change lifecycle action.', () =>
      set(context.connection, domain, args.type as LifecycleEvent, action, args),
    );
  },
});

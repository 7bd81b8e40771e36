// reboot.

import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineCommand } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { MODE_OPTION, stopModes } from './stop-modes.ts';

export const reboot = defineCommand({
  name: 'reboot',
  group: 'domain',
  summary: 'ask a domain to reboot',
  description:
    "Asks the container's init to reboot: through its initctl pipe if it has one, else by a signal that it " +
    'understands (SIGHUP if it is none that is known). It does not wait for that, but ' +
    'if init ends within 50 ms of the signal the command starts it again itself. ' +
    'A container whose init calls reboot(2) is started again, unless its on_reboot says otherwise.',
  options: [activeDomainOption(), MODE_OPTION],
  async run(context, args) {
    const modes = stopModes(args.mode, "'acpi', 'agent', 'initctl', 'signal' or 'paravirt'");
    const domain = await findDomain(context, args);
    await withContext(`Failed to reboot domain '${args.domain}'`, async () => {
      const { rebootDomain } = await import('../../../driver/domain/reboot.ts');
      await rebootDomain(context.connection, domain, modes, context.onWarning);
    });
    context.extra(`Domain '${args.domain}' is being rebooted\n`);
  },
});

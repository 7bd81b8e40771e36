// Commands that end a domain: shutdown and reboot ask, destroy does not.

import { defineCommand, domainOption, failure } from '../../cli/command.ts';
import type { StopMode } from '../../driver/domain-stop.ts';
import { withContext } from '../../errors.ts';
import { findDomain } from '../lookup.ts';

const STOP_MODES: readonly StopMode[] = ['acpi', 'agent', 'initctl', 'signal', 'paravirt'];

/** `--mode A,B`; `expected` ends the sentence about an unknown one. */
function stopModes(text: string | undefined, expected: string): StopMode[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => {
    const mode = STOP_MODES.find((candidate) => candidate === word);
    if (!mode) throw failure(`Unknown mode ${word} value, expecting ${expected}`);
    return mode;
  });
}

const MODE_OPTION = {
  name: 'mode',
  type: 'string',
  help: 'how to ask, joined by commas: initctl, signal (acpi, agent and paravirt are refused)',
} as const;

export const shutdown = defineCommand({
  name: 'shutdown',
  group: 'domain',
  summary: 'ask a domain to shut down',
  description:
    "Asks the container's init to shut down and returns at once: through its initctl pipe if it has one, else by SIGTERM. " +
    'What init makes of it is its own affair; destroy does not ask.',
  options: [domainOption(), MODE_OPTION],
  async run(context, args) {
    const modes = stopModes(args.mode, "'acpi', 'agent', 'initctl', 'signal', or 'paravirt'");
    const domain = await findDomain(context, args);
    await withContext(`Failed to shutdown domain '${args.domain}'`, async () => {
      const { shutdownDomain } = await import('../../driver/domain-stop.ts');
      await shutdownDomain(context.connection, domain, modes);
    });
    context.extra(`Domain '${args.domain}' is being shutdown\n`);
  },
});

export const reboot = defineCommand({
  name: 'reboot',
  group: 'domain',
  summary: 'ask a domain to reboot',
  description:
    "Asks the container's init to reboot and returns at once: through its initctl pipe if it has one, else by SIGHUP. " +
    'A container whose init calls reboot(2) is started again, unless its on_reboot says otherwise.',
  options: [domainOption(), MODE_OPTION],
  async run(context, args) {
    const modes = stopModes(args.mode, "'acpi', 'agent', 'initctl', 'signal' or 'paravirt'");
    const domain = await findDomain(context, args);
    await withContext(`Failed to reboot domain '${args.domain}'`, async () => {
      const { rebootDomain } = await import('../../driver/domain-stop.ts');
      await rebootDomain(context.connection, domain, modes);
    });
    context.extra(`Domain '${args.domain}' is being rebooted\n`);
  },
});

export const destroy = defineCommand({
  name: 'destroy',
  group: 'domain',
  summary: 'stop a domain at once',
  description:
    'Ends every process of the container and waits until they are gone. Its init is sent SIGTERM, and 25 ms later everything is ' +
    'killed; with --graceful init is only asked, and the command fails if it has not ended after 10 seconds. ' +
    'A transient domain is forgotten.',
  options: [
    domainOption(),
    { name: 'graceful', type: 'bool', help: 'ask, do not kill' },
    { name: 'remove-logs', type: 'bool', help: "also delete the domain's log file" },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    await withContext(`Failed to destroy domain '${args.domain}'`, async () => {
      const { destroyDomain } = await import('../../driver/domain-stop.ts');
      await destroyDomain(context.connection, domain, { graceful: args.graceful, removeLogs: args['remove-logs'] });
    });
    context.extra(`Domain '${args.domain}' destroyed\n`);
  },
});

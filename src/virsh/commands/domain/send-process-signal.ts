import { SIGNAL_NAMES } from '../../../../lib-native/signal-names.ts';
import { activeDomainOption, defineCommand, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const MAX_LONG_LONG = 2n ** 63n - 1n;

export const sendProcessSignal = defineCommand({
  name: 'send-process-signal',
  group: 'domain',
  summary: 'send a signal to the init of a domain',
  description:
    'Sends a signal to process PID of the container, which must be 1, its init. The signal is a number or a name in any case: ' +
    'kill, SIGKILL, sig_kill, rt0 to rt32. A signal that init does not handle is dropped by the kernel.',
  options: [
    activeDomainOption(),
    { name: 'pid', type: 'string', required: true, emptyAllowed: true, completes: ['1'], help: 'process id inside the container: 1' },
    { name: 'signame', type: 'string', required: true, completes: SIGNAL_NAMES.slice(1), help: 'number or name of the signal' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const pid = /^\s*[+-]?\d+$/.test(args.pid) ? BigInt(args.pid.trim()) : undefined;
    if (pid === undefined || pid > MAX_LONG_LONG || pid < -MAX_LONG_LONG) {
      throw failure(`Numeric value '${args.pid}' for <pid> option is malformed or out of range`);
    }
    const name = args.signame;
    const { sendProcessSignal: send, signalNumber } = await import('../../../driver/domain/signal.ts');
    const signal = signalNumber(name);
    if (signal === undefined) throw failure(`malformed signal name: ${name}`);
    await send(context.connection, domain, pid, signal);
  },
});

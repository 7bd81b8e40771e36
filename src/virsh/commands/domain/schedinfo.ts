import type { SchedulerParameters } from '../../../driver/domain/scheduler.ts';
import { libvirtError } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

const TYPES = { cpu_shares: 'unsigned long long', vcpu_period: 'unsigned long long', vcpu_quota: 'long long' } as const;

export const schedinfo = defineReading({
  name: 'schedinfo',
  group: 'domain',
  summary: "a domain's share of the processors",
  description:
    'Prints cpu_shares (weight against other domains), vcpu_period and vcpu_quota (microseconds of processor time in each ' +
    'period, negative for no limit), or changes those that are given as NAME=VALUE.',
  options: [
    domainOption(),
    { name: 'weight', type: 'string', valueWord: 'number', namedOnly: true, help: "refused: belongs to other hypervisors' schedulers" },
    { name: 'cap', type: 'string', valueWord: 'number', namedOnly: true, help: "refused: belongs to other hypervisors' schedulers" },
    CURRENT,
    CONFIG,
    LIVE,
    { name: 'set', type: 'argv', completes: Object.keys(TYPES).map((name) => `${name}=`), help: 'NAME=VALUE' },
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['weight', 'cap', 'set'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { schedulerParameters, setSchedulerParameters } = await import('../../../driver/domain/scheduler.ts');
    // As virsh: it has said so before it finds mistakes.
    if (!args.json) context.print('Scheduler      : posix\n');
    for (const name of ['weight', 'cap'] as const) if (args[name] !== undefined) throw failure(`invalid scheduler option: ${name}`);
    const changes = parseChanges(args.set);
    if (Object.keys(changes).length > 0) await setSchedulerParameters(context.connection, domain, changes, args);
    else if (args.live && args.config) throw failure('cannot query both live and config at once');
    const query = { live: args.live, config: args.config && !args.live };
    return schedulerParameters(context.connection, domain, query);
  },
  text: (parameters) =>
    Object.entries(parameters)
      .map(([name, value]) => `${name.padEnd(15)}: ${value}\n`)
      .join(''),
  json: ({ cpu_shares, vcpu_period, vcpu_quota }) => ({
    scheduler: 'posix',
    cpu_shares,
    vcpu_period_us: vcpu_period,
    vcpu_quota_us: vcpu_quota < 0n ? null : vcpu_quota,
  }),
});

function parseChanges(words: readonly string[]): Partial<SchedulerParameters> {
  const changes: Partial<SchedulerParameters> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) throw failure('Invalid syntax for --set, expecting name=value');
    const name = Object.keys(TYPES).find((known) => known === word.slice(0, equals)) as keyof typeof TYPES | undefined;
    if (!name) throw failure(`invalid scheduler option: ${word.slice(0, equals)}`);
    const text = word.slice(equals + 1);
    if (!/^\s*[+-]?\d+$/.test(text)) throw libvirtError('INVALID_ARG', `Invalid value for field '${name}': expected ${TYPES[name]}`);
    if (changes[name] !== undefined) throw libvirtError('INVALID_ARG', `parameter '${name}' occurs multiple times`);
    // An unsigned field takes a negative number as C does.
    changes[name] = name === 'vcpu_quota' ? BigInt(text.trim()) : BigInt.asUintN(64, BigInt(text.trim()));
  }
  return changes;
}

import { defineCommand, failure } from '../../command.ts';

export const autostartAll = defineCommand({
  name: 'autostart-all',
  group: 'domain',
  summary: 'start every network, storage pool and domain that is marked for it',
  description:
    'Starts the stored networks and storage pools that net-autostart and pool-autostart have marked and that are not active, then ' +
    'the stored domains that autostart has marked and that do not run. This is what the boot unit runs: it does so once for each boot of the host, unless --again is ' +
    'given. One that fails does not keep the others from starting.',
  options: [{ name: 'again', type: 'bool', help: 'also if it was done since the host booted' }],
  async run(context, args) {
    const { autostartNetworks } = await import('../../../driver/network/autostart.ts');
    const { autostartPools } = await import('../../../driver/storage/pools.ts');
    const { autostartDomains } = await import('../../../driver/domain/autostart.ts');
    const networks = autostartNetworks(context.connection, { again: args.again }).map((result) => ({ ...result, kind: 'network' }));
    const pools = autostartPools(context.connection, { again: args.again }).map((result) => ({ ...result, kind: 'pool' }));
    const domains = (await autostartDomains(context.connection, { again: args.again })).map((result) => ({ ...result, kind: 'domain' }));
    const results = [...networks, ...pools, ...domains];
    for (const { kind, name, error } of results) {
      if (!error)
        context.extra(kind === 'domain' ? `Domain '${name}' started\n` : `${kind === 'pool' ? 'Pool' : 'Network'} ${name} started\n`);
    }
    const failed = results.filter(({ error }) => error);
    for (const { kind, name, error } of failed) context.error(`Failed to start ${kind} '${name}': ${error?.message.trim()}`);
    if (failed.length > 0) throw failure(`${failed.length} of ${results.length} marked networks, pools and domains did not start`);
  },
});

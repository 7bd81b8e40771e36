import { withContext } from '../../../errors.ts';
import { defineCommand, domainOption, excludes, failure, needs } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { storageToRemove } from './storage-operands.ts';

export const undefine = defineCommand({
  name: 'undefine',
  group: 'domain',
  summary: 'forget the stored definition of a domain',
  description:
    'Removes the stored definition and the autostart mark. A domain that runs goes on as a transient one and is ' +
    'forgotten when it stops. Containers have no saved state, snapshots or checkpoints, so the options about these change nothing.',
  options: [
    domainOption({ completes: 'persistent-domain' }),
    { name: 'managed-save', type: 'bool', help: 'also drop a saved state' },
    {
      name: 'storage',
      type: 'string',
      completes: 'disk',
      joined: true,
      help: 'also delete these volumes: targets or sources, joined by commas',
    },
    { name: 'remove-all-storage', type: 'bool', help: 'also delete every volume of the domain' },
    { name: 'delete-storage-volume-snapshots', type: 'bool', help: 'with --remove-all-storage: the snapshots of volumes too' },
    { name: 'wipe-storage', type: 'bool', help: 'overwrite the volumes before they are deleted' },
    { name: 'snapshots-metadata', type: 'bool', help: 'also drop what is known of snapshots' },
    { name: 'checkpoints-metadata', type: 'bool', help: 'also drop what is known of checkpoints' },
    { name: 'nvram', type: 'bool', help: 'also delete the NVRAM file' },
    { name: 'keep-nvram', type: 'bool', help: 'keep the NVRAM file' },
    { name: 'tpm', type: 'bool', help: 'also delete the state of the TPM' },
    { name: 'keep-tpm', type: 'bool', help: 'keep the state of the TPM' },
  ],
  rules: [excludes('nvram', 'keep-nvram'), excludes('tpm', 'keep-tpm'), needs('delete-storage-volume-snapshots', 'remove-all-storage')],
  async run(context, args) {
    if (args['wipe-storage'] && args.storage === undefined && !args['remove-all-storage']) {
      throw failure("'--wipe-storage' requires '--storage <string>' or '--remove-all-storage'");
    }
    const domain = await findDomain(context, args);
    await storageToRemove(context, domain, args);
    await withContext(`Failed to undefine domain '${args.domain}'`, async () => {
      const { undefineDomain } = await import('../../../driver/domain/define.ts');
      await undefineDomain(context.connection, domain, {
        managedSave: args['managed-save'],
        snapshotsMetadata: args['snapshots-metadata'],
        checkpointsMetadata: args['checkpoints-metadata'],
        nvram: args.nvram,
        keepNvram: args['keep-nvram'],
        tpm: args.tpm,
        keepTpm: args['keep-tpm'],
      });
    });
    context.extra(`Domain '${args.domain}' has been undefined\n`);
  },
});

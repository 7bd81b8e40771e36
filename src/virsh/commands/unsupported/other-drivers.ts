// Commands of libvirt's other drivers (storage, secrets, network filters, interfaces, node devices), which are not part of
// this program: there is nothing to list, no name is known, and nothing can be made.

import type { GroupDefinition } from '../../command.ts';
import { printsPool } from './documents.ts';
import { emptyTable, file, given, missing, type Outcome, prints, refused, says, unknown, uuidOnly } from './outcomes.ts';
import { groupOf, type Row } from './rows.ts';

const noInterface = (option = 'interface') =>
  unknown(`failed to get interface '{${option}}'`, `Interface not found: couldn't find interface named '{${option}}'`);
const noFilter = () =>
  unknown("failed to get nwfilter '{nwfilter}'", "Network filter not found: no nwfilter with matching name '{nwfilter}'");
const noBinding = () =>
  unknown("failed to get nwfilter binding '{binding}'", "Network filter binding not found: no nwfilter binding for port dev '{binding}'");
const noDevice = () =>
  unknown("Could not find matching device '{device}'", "Node device not found: no node device with matching name '{device}'");
const noSecret = () => {
  const doing = "failed to get secret '{secret}'";
  const outcome = unknown(doing, "Secret not found: no secret with matching uuid '{secret}'");
  return uuidOnly('secret', 'virSecretLookupByUUIDString', doing, outcome);
};
const noPool = () => unknown("failed to get pool '{pool}'", "Storage pool not found: no storage pool with matching name '{pool}'");
const noVolume = () => [
  given('pool', noPool()),
  unknown("failed to get vol '{vol}', specifying --pool might help", "Storage volume not found: no storage vol with matching path '{vol}'"),
];

const EVENT_OPTIONS = '[--event <string>] [--loop] [--timeout <int>] [--list] [--timestamp]';
const events = (api: string, names: string) => [
  given('list', prints(...names.split(' '))),
  missing('list event', 'either --list or --event <type> is required'),
  refused(api),
];

const POOL_SOURCE =
  '[--source-host <string>] [--source-path <string>] [--source-dev <string>] [--source-name <string>] [--target <string>] [--source-format <string>] [--auth-type <string>] [--auth-username <string>] [--secret-usage <string>] [--secret-uuid <string>] [--adapter-name <string>] [--adapter-wwnn <string>] [--adapter-wwpn <string>] [--adapter-parent <string>] [--adapter-parent-wwnn <string>] [--adapter-parent-wwpn <string>] [--adapter-parent-fabric-wwn <string>] [--source-protocol-ver <string>] [--source-initiator <string>]';

/** Commands that only need the name of something. */
const named = (prefix: string, verbs: string, options: string, outcome: () => Outcome): Row[] =>
  verbs.split(' ').map((verb) => [`${prefix}-${verb} ${options}`, [outcome()]]);

/** Made when it is asked for: most runs of the program never do. */
export function otherDriversCommands(): GroupDefinition[] {
  return [
    groupOf('Interface', 'interface', [
      ['iface-begin', [refused('virInterfaceChangeBegin', 'Failed to begin network config change transaction')]],
      ['iface-bridge <interface> <bridge> [--no-stp] [--delay <int>] [--no-start]', [noInterface()]],
      ['iface-commit', [refused('virInterfaceChangeCommit', 'Failed to commit network config change transaction')]],
      ['iface-define <file> [--validate]', [file('file', refused('virInterfaceDefineXML', 'Failed to define interface from {file}'))]],
      ['iface-dumpxml <interface> [--inactive] [--xpath=<string>] [--wrap]', [noInterface()]],
      ['iface-list [--inactive] [--all]', [refused('virConnectListAllInterfaces', 'Failed to list interfaces')]],
      ['iface-rollback', [refused('virInterfaceChangeRollback', 'Failed to rollback network config change transaction')]],
      ['iface-unbridge <bridge> [--no-start]', [noInterface('bridge')]],
      ['iface-name <interface>', [says("failed to get interface '{interface}'")]],
      ...named('iface', 'destroy edit mac start undefine', '<interface>', noInterface),
    ]),
    groupOf('Network Filter', 'filter', [
      [
        'nwfilter-define <file> [--validate]',
        [file('file', refused('virNWFilterDefineXML', 'Failed to define network filter from {file}'))],
      ],
      ['nwfilter-dumpxml <nwfilter> [--xpath=<string>] [--wrap]', [noFilter()]],
      ['nwfilter-list', [emptyTable('UUID', 'Name')]],
      ...named('nwfilter', 'edit undefine', '<nwfilter>', noFilter),
      [
        'nwfilter-binding-create <file> [--validate]',
        [file('file', refused('virNWFilterBindingCreateXML', 'Failed to create network filter from {file}'))],
      ],
      ['nwfilter-binding-delete <binding>', [noBinding()]],
      ['nwfilter-binding-dumpxml <binding> [--xpath=<string>] [--wrap]', [noBinding()]],
      ['nwfilter-binding-list', [emptyTable('Port Dev', 'Filter')]],
    ]),
    groupOf('Node Device', 'nodedev', [
      ['nodedev-create <file> [--validate]', [file('file', refused('virNodeDeviceCreateXML', 'Failed to create node device from {file}'))]],
      [
        'nodedev-define <file> [--validate]',
        [file('file', refused('virNodeDeviceDefineXML', "Failed to define node device from '{file}'"))],
      ],
      ['nodedev-detach <device> [--driver <string>]', [noDevice()]],
      ['nodedev-dumpxml <device> [--xpath=<string>] [--wrap]', [noDevice()]],
      ['nodedev-autostart <device> [--disable]', [noDevice()]],
      [
        'nodedev-list [--tree] [--cap <string>] [--inactive] [--all]',
        [refused('virConnectListAllNodeDevices', 'Failed to list node devices')],
      ],
      [`nodedev-event [--device <string>] ${EVENT_OPTIONS}`, events('virConnectNodeDeviceEventRegisterAny', 'lifecycle update')],
      ...named('nodedev', 'reattach reset undefine start info', '<device>', noDevice),
      ['nodedev-destroy <device|name>', [noDevice()]],
    ]),
    groupOf('Secret', 'secret', [
      ['secret-define <file> [--validate]', [file('file', refused('virSecretDefineXML', 'Failed to set attributes from {file}'))]],
      ['secret-dumpxml <secret> [--xpath=<string>] [--wrap]', [noSecret()]],
      [`secret-event [--secret <string>] ${EVENT_OPTIONS}`, events('virConnectSecretEventRegisterAny', 'lifecycle value-changed')],
      ['secret-get-value <secret> [--plain]', [noSecret()]],
      ['secret-list [--ephemeral] [--no-ephemeral] [--private] [--no-private]', [emptyTable('UUID', 'Usage')]],
      ['secret-set-value <secret> [--file=<string>] [--plain] [--interactive] [--base64 <string>]', [noSecret()]],
      ['secret-undefine <secret>', [noSecret()]],
    ]),
    groupOf('Storage Pool', 'pool', [
      [
        'find-storage-pool-sources-as <type> [--host <string>] [--port <string>] [--initiator <string>]',
        [refused('virConnectFindStoragePoolSources', 'Failed to find any {type} pool sources')],
      ],
      [
        'find-storage-pool-sources <type> [--srcSpec <string>]',
        [refused('virConnectFindStoragePoolSources', 'Failed to find any {type} pool sources')],
      ],
      ['pool-autostart <pool> [--disable]', [noPool()]],
      ['pool-build <pool> [--no-overwrite] [--overwrite]', [noPool()]],
      [
        `pool-create-as <name> <type> [--print-xml] ${POOL_SOURCE} [--build] [--no-overwrite] [--overwrite]`,
        [printsPool(), refused('virStoragePoolCreateXML', 'Failed to create pool {name}')],
        ['overwrite no-overwrite', 'secret-usage secret-uuid'],
      ],
      [
        'pool-create <file> [--build] [--no-overwrite] [--overwrite]',
        [file('file', refused('virStoragePoolCreateXML', 'Failed to create pool from {file}'))],
        ['overwrite no-overwrite'],
      ],
      [
        `pool-define-as <name> <type> [--print-xml] ${POOL_SOURCE}`,
        [printsPool(), refused('virStoragePoolDefineXML', 'Failed to define pool {name}')],
        ['secret-usage secret-uuid'],
      ],
      ['pool-define <file> [--validate]', [file('file', refused('virStoragePoolDefineXML', 'Failed to define pool from {file}'))]],
      ['pool-dumpxml <pool> [--inactive] [--xpath=<string>] [--wrap]', [noPool()]],
      ['pool-info <pool> [--bytes]', [noPool()]],
      [
        'pool-list [--inactive] [--all] [--transient] [--persistent] [--autostart] [--no-autostart] [--type <string>] [--details] [--uuid] [--name]',
        [
          given('uuid name', { apply: () => true }),
          given('details', emptyTable('Name', 'State', 'Autostart', 'Persistent', 'Capacity', 'Allocation', 'Available')),
          emptyTable('Name', 'State', 'Autostart'),
        ],
      ],
      ['pool-start <pool> [--build] [--no-overwrite] [--overwrite]', [noPool()]],
      [`pool-event [--pool <string>] ${EVENT_OPTIONS}`, events('virConnectStoragePoolEventRegisterAny', 'lifecycle refresh')],
      ['pool-capabilities', [refused('virConnectGetStoragePoolCapabilities', 'failed to get storage pool capabilities')]],
      ['pool-name <pool>', [says("failed to get pool '{pool}'")]],
      ...named('pool', 'delete destroy edit refresh undefine uuid', '<pool>', noPool),
    ]),
    groupOf('Storage Volume', 'volume', [
      ['vol-clone <vol> <newname> [--pool <string>] [--prealloc-metadata] [--reflink] [--print-xml]', noVolume()],
      [
        'vol-create-as <pool> <name> <capacity> [--allocation <string>] [--format <string>] [--backing-vol <string>] [--backing-vol-format <string>] [--prealloc-metadata] [--print-xml]',
        [noPool()],
      ],
      ['vol-create <pool> <file> [--prealloc-metadata] [--validate]', [noPool()]],
      ['vol-create-from <pool> <file> <vol> [--inputpool <string>] [--prealloc-metadata] [--reflink] [--validate]', [noPool()]],
      ['vol-delete <vol> [--pool <string>] [--delete-snapshots]', noVolume()],
      ['vol-download <vol> <file> [--pool <string>] [--offset <int>] [--length <int>] [--sparse]', noVolume()],
      ['vol-dumpxml <vol> [--pool <string>] [--xpath=<string>] [--wrap]', noVolume()],
      ['vol-info <vol> [--pool <string>] [--bytes] [--physical]', noVolume()],
      ['vol-key <vol> [--pool <string>]', noVolume()],
      ['vol-list <pool> [--details]', [noPool()]],
      ['vol-name <vol>', [unknown("failed to get vol '{vol}'", "Storage volume not found: no storage vol with matching path '{vol}'")]],
      ['vol-path <vol> [--pool <string>]', noVolume()],
      [
        'vol-pool <vol> [--uuid]',
        [unknown("failed to get vol '{vol}'", "Storage volume not found: no storage vol with matching path '{vol}'")],
      ],
      ['vol-resize <vol> <capacity> [--pool <string>] [--allocate] [--delta] [--shrink]', noVolume()],
      ['vol-upload <vol> <file> [--pool <string>] [--offset <int>] [--length <int>] [--sparse]', noVolume()],
      ['vol-wipe <vol> [--pool <string>] [--algorithm <string>]', noVolume()],
    ]),
  ];
}

// Commands of libvirt's other drivers (secrets, network filters, interfaces, node devices), which are not part of
// this program: there is nothing to list, no name is known, and nothing can be made.

import type { GroupDefinition } from '../../command.ts';
import { emptyTable, file, given, missing, type Outcome, prints, refused, unknown, uuidOnly } from './outcomes.ts';
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
const EVENT_OPTIONS = '[--event <string>] [--loop] [--timeout <int>] [--list] [--timestamp]';
const events = (api: string, names: string) => [
  given('list', prints(...names.split(' '))),
  missing('list event', 'either --list or --event <type> is required'),
  refused(api),
];

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
      ['iface-rollback', [refused('virInterfaceChangeRollback', 'Failed to rollback network config change transaction')]],
      ['iface-unbridge <bridge> [--no-start]', [noInterface('bridge')]],
      ...named('iface', 'destroy edit start undefine', '<interface>', noInterface),
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
      ['nodedev-autostart <device> [--disable]', [noDevice()]],
      ...named('nodedev', 'reattach reset undefine start', '<device>', noDevice),
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
      ['pool-capabilities', [refused('virConnectGetStoragePoolCapabilities', 'failed to get storage pool capabilities')]],
    ]),
  ];
}

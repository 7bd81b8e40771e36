// Commands of libvirt's other drivers (storage, secrets, network filters, interfaces, node devices), which are not part of
// this program: there is nothing to list, no name is known, and nothing can be made.

import type { GroupDefinition } from '../../command.ts';
import { printsPool } from './documents.ts';
import { emptyTable, file, given, missing, type Outcome, prints, refused, says, unknown, uuidOnly } from './outcomes.ts';
import { commandOf, type Row } from './rows.ts';

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

const EVENT_OPTIONS = 'event= loop timeout# list timestamp';
const events = (api: string, names: string) => [
  given('list', prints(...names.split(' '))),
  missing('list event', 'either --list or --event <type> is required'),
  refused(api),
];

const POOL_SOURCE =
  'source-host= source-path= source-dev= source-name= target= source-format= auth-type= auth-username= secret-usage= secret-uuid= ' +
  'adapter-name= adapter-wwnn= adapter-wwpn= adapter-parent= adapter-parent-wwnn= adapter-parent-wwpn= adapter-parent-fabric-wwn= ' +
  'source-protocol-ver= source-initiator=';

/** Commands that only need the name of something. */
const named = (prefix: string, verbs: string, options: string, outcome: () => Outcome): Row[] =>
  verbs.split(' ').map((verb) => [`${prefix}-${verb}`, options, [outcome()]]);

const group = (name: string, keyword: string, rows: readonly Row[]): GroupDefinition => ({
  name,
  keyword,
  commands: rows.map((row) => commandOf(keyword, row)),
});

/** Made when it is asked for: most runs of the program never do. */
export function otherDriversCommands(): GroupDefinition[] {
  return [
    group('Interface', 'interface', [
      ['iface-begin', '', [refused('virInterfaceChangeBegin', 'Failed to begin network config change transaction')]],
      ['iface-bridge', 'interface=! bridge=! no-stp delay# no-start', [noInterface()]],
      ['iface-commit', '', [refused('virInterfaceChangeCommit', 'Failed to commit network config change transaction')]],
      ['iface-define', 'file=! validate', [file('file', refused('virInterfaceDefineXML', 'Failed to define interface from {file}'))]],
      ['iface-dumpxml', 'interface=! inactive --xpath= wrap', [noInterface()]],
      ['iface-list', 'inactive all', [refused('virConnectListAllInterfaces', 'Failed to list interfaces')]],
      ['iface-rollback', '', [refused('virInterfaceChangeRollback', 'Failed to rollback network config change transaction')]],
      ['iface-unbridge', 'bridge=! no-start', [noInterface('bridge')]],
      ['iface-name', 'interface=!', [says("failed to get interface '{interface}'")]],
      ...named('iface', 'destroy edit mac start undefine', 'interface=!', noInterface),
    ]),
    group('Network Filter', 'filter', [
      [
        'nwfilter-define',
        'file=! validate',
        [file('file', refused('virNWFilterDefineXML', 'Failed to define network filter from {file}'))],
      ],
      ['nwfilter-dumpxml', 'nwfilter=! --xpath= wrap', [noFilter()]],
      ['nwfilter-list', '', [emptyTable('UUID', 'Name')]],
      ...named('nwfilter', 'edit undefine', 'nwfilter=!', noFilter),
      [
        'nwfilter-binding-create',
        'file=! validate',
        [file('file', refused('virNWFilterBindingCreateXML', 'Failed to create network filter from {file}'))],
      ],
      ['nwfilter-binding-delete', 'binding=!', [noBinding()]],
      ['nwfilter-binding-dumpxml', 'binding=! --xpath= wrap', [noBinding()]],
      ['nwfilter-binding-list', '', [emptyTable('Port Dev', 'Filter')]],
    ]),
    group('Node Device', 'nodedev', [
      ['nodedev-create', 'file=! validate', [file('file', refused('virNodeDeviceCreateXML', 'Failed to create node device from {file}'))]],
      [
        'nodedev-define',
        'file=! validate',
        [file('file', refused('virNodeDeviceDefineXML', "Failed to define node device from '{file}'"))],
      ],
      ['nodedev-detach', 'device=! driver=', [noDevice()]],
      ['nodedev-dumpxml', 'device=! --xpath= wrap', [noDevice()]],
      ['nodedev-autostart', 'device=! disable', [noDevice()]],
      ['nodedev-list', 'tree cap= inactive all', [refused('virConnectListAllNodeDevices', 'Failed to list node devices')]],
      ['nodedev-event', `device= ${EVENT_OPTIONS}`, events('virConnectNodeDeviceEventRegisterAny', 'lifecycle update')],
      ...named('nodedev', 'reattach reset undefine start info', 'device=!', noDevice),
      ['nodedev-destroy', 'device=!|name', [noDevice()]],
    ]),
    group('Secret', 'secret', [
      ['secret-define', 'file=! validate', [file('file', refused('virSecretDefineXML', 'Failed to set attributes from {file}'))]],
      ['secret-dumpxml', 'secret=! --xpath= wrap', [noSecret()]],
      ['secret-event', `secret= ${EVENT_OPTIONS}`, events('virConnectSecretEventRegisterAny', 'lifecycle value-changed')],
      ['secret-get-value', 'secret=! plain', [noSecret()]],
      ['secret-list', 'ephemeral no-ephemeral private no-private', [emptyTable('UUID', 'Usage')]],
      ['secret-set-value', 'secret=! --file= plain interactive base64=', [noSecret()]],
      ['secret-undefine', 'secret=!', [noSecret()]],
    ]),
    group('Storage Pool', 'pool', [
      [
        'find-storage-pool-sources-as',
        'type=! host= port= initiator=',
        [refused('virConnectFindStoragePoolSources', 'Failed to find any {type} pool sources')],
      ],
      [
        'find-storage-pool-sources',
        'type=! srcSpec=',
        [refused('virConnectFindStoragePoolSources', 'Failed to find any {type} pool sources')],
      ],
      ['pool-autostart', 'pool=! disable', [noPool()]],
      ['pool-build', 'pool=! no-overwrite overwrite', [noPool()]],
      [
        'pool-create-as',
        `name=! type=! print-xml ${POOL_SOURCE} build no-overwrite overwrite`,
        [printsPool(), refused('virStoragePoolCreateXML', 'Failed to create pool {name}')],
        ['overwrite no-overwrite', 'secret-usage secret-uuid'],
      ],
      [
        'pool-create',
        'file=! build no-overwrite overwrite',
        [file('file', refused('virStoragePoolCreateXML', 'Failed to create pool from {file}'))],
        ['overwrite no-overwrite'],
      ],
      [
        'pool-define-as',
        `name=! type=! print-xml ${POOL_SOURCE}`,
        [printsPool(), refused('virStoragePoolDefineXML', 'Failed to define pool {name}')],
        ['secret-usage secret-uuid'],
      ],
      ['pool-define', 'file=! validate', [file('file', refused('virStoragePoolDefineXML', 'Failed to define pool from {file}'))]],
      ['pool-dumpxml', 'pool=! inactive --xpath= wrap', [noPool()]],
      ['pool-info', 'pool=! bytes', [noPool()]],
      [
        'pool-list',
        'inactive all transient persistent autostart no-autostart type= details uuid name',
        [
          given('uuid name', { apply: () => true }),
          given('details', emptyTable('Name', 'State', 'Autostart', 'Persistent', 'Capacity', 'Allocation', 'Available')),
          emptyTable('Name', 'State', 'Autostart'),
        ],
      ],
      ['pool-start', 'pool=! build no-overwrite overwrite', [noPool()]],
      ['pool-event', `pool= ${EVENT_OPTIONS}`, events('virConnectStoragePoolEventRegisterAny', 'lifecycle refresh')],
      ['pool-capabilities', '', [refused('virConnectGetStoragePoolCapabilities', 'failed to get storage pool capabilities')]],
      ['pool-name', 'pool=!', [says("failed to get pool '{pool}'")]],
      ...named('pool', 'delete destroy edit refresh undefine uuid', 'pool=!', noPool),
    ]),
    group('Storage Volume', 'volume', [
      ['vol-clone', 'vol=! newname=! pool= prealloc-metadata reflink print-xml', noVolume()],
      [
        'vol-create-as',
        'pool=! name=! capacity=! allocation= format= backing-vol= backing-vol-format= prealloc-metadata print-xml',
        [noPool()],
      ],
      ['vol-create', 'pool=! file=! prealloc-metadata validate', [noPool()]],
      ['vol-create-from', 'pool=! file=! vol=! inputpool= prealloc-metadata reflink validate', [noPool()]],
      ['vol-delete', 'vol=! pool= delete-snapshots', noVolume()],
      ['vol-download', 'vol=! file=! pool= offset# length# sparse', noVolume()],
      ['vol-dumpxml', 'vol=! pool= --xpath= wrap', noVolume()],
      ['vol-info', 'vol=! pool= bytes physical', noVolume()],
      ['vol-key', 'vol=! pool=', noVolume()],
      ['vol-list', 'pool=! details', [noPool()]],
      ['vol-name', 'vol=!', [unknown("failed to get vol '{vol}'", "Storage volume not found: no storage vol with matching path '{vol}'")]],
      ['vol-path', 'vol=! pool=', noVolume()],
      [
        'vol-pool',
        'vol=! uuid',
        [unknown("failed to get vol '{vol}'", "Storage volume not found: no storage vol with matching path '{vol}'")],
      ],
      ['vol-resize', 'vol=! capacity=! pool= allocate delta shrink', noVolume()],
      ['vol-upload', 'vol=! file=! pool= offset# length# sparse', noVolume()],
      ['vol-wipe', 'vol=! pool= algorithm=', noVolume()],
    ]),
  ];
}

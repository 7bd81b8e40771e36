// Commands about domains that libvirt's LXC driver refuses, with the errors that it gives.

import type { GroupDefinition } from '../../cli/command.ts';
import { before, connects, file, given, givenOther, missing, off, refused, requires, says, succeeds } from './outcomes.ts';
import { commandOf, type Row } from './rows.ts';

/** A snapshot has to be named, or be the current one. */
const oneSnapshot = () => [
  missing('snapshotname current', '--snapshotname or --current is required'),
  given('snapshotname', refused('virDomainSnapshotLookupByName')),
  refused('virDomainSnapshotCurrent'),
];

const group = (name: string, keyword: string, rows: readonly Row[]): GroupDefinition => ({
  name,
  keyword,
  commands: rows.map((row) => commandOf(keyword, row)),
});

/** Made when it is asked for: most runs of the program never do. */
export function refusedDomainCommands(): GroupDefinition[] {
  return [
    group('Domain Management', 'domain', [
      [
        'blkdeviotune',
        'domain=! device=! total-bytes-sec# read-bytes-sec# write-bytes-sec# total-iops-sec# read-iops-sec# write-iops-sec# total-bytes-sec-max# read-bytes-sec-max# write-bytes-sec-max# total-iops-sec-max# read-iops-sec-max# write-iops-sec-max# size-iops-sec# group-name= total-bytes-sec-max-length# read-bytes-sec-max-length# write-bytes-sec-max-length# total-iops-sec-max-length# read-iops-sec-max-length# write-iops-sec-max-length# config live current',
        [
          givenOther('domain device config live current', refused('virDomainSetBlockIoTune', 'Unable to change block I/O throttle')),
          refused('virDomainGetBlockIoTune', 'Unable to get number of block I/O throttle parameters'),
        ],
      ],
      [
        'blockcommit',
        'domain=! path=! bandwidth# base= shallow top= active delete wait verbose timeout# pivot keep-overlay async keep-relative bytes',
        [refused('virDomainBlockCommit')],
      ],
      [
        'blockcopy',
        'domain=! path=! dest= bandwidth# shallow reuse-external blockdev wait verbose timeout# pivot finish async xml= format= granularity# buf-size# bytes transient-job synchronous-writes print-xml',
        [
          before(missing('dest xml', 'need either --dest or --xml')),
          given('xml', refused('virDomainBlockCopy')),
          refused('virDomainBlockRebase'),
        ],
      ],
      [
        'blockjob',
        'domain=! path=! abort async pivot info bytes raw bandwidth#',
        [
          given('abort async pivot', refused('virDomainBlockJobAbort')),
          given('bandwidth', refused('virDomainBlockJobSetSpeed')),
          refused('virDomainGetBlockJobInfo'),
        ],
      ],
      [
        'blockpull',
        'domain=! path=! bandwidth# base= wait verbose timeout# async keep-relative bytes',
        [
          requires('verbose', 'wait'),
          requires('async', 'wait'),
          given('base keep-relative', refused('virDomainBlockRebase')),
          refused('virDomainBlockPull'),
        ],
      ],
      ['blockresize', 'domain=! path=! size#!', [refused('virDomainBlockResize', "Failed to resize block device '{path}'")]],
      [
        'detach-device-alias',
        'domain=! alias=! config live current',
        [refused('virDomainDetachDeviceAlias', 'Failed to detach device with alias {alias}')],
      ],
      [
        'domdisplay',
        'domain=! include-password type= all',
        [
          off(says('Domain is not running')),
          given('type', says("No graphical display with type '{type}' found")),
          says('No graphical display found'),
        ],
      ],
      ['domfsfreeze', 'domain=! mountpoint...', [refused('virDomainFSFreeze', 'Unable to freeze filesystems')]],
      ['domfsthaw', 'domain=! mountpoint...', [refused('virDomainFSThaw', 'Unable to thaw filesystems')]],
      ['domfsinfo', 'domain=!', [refused('virDomainGetFSInfo', 'Unable to get filesystem information')]],
      ['domfstrim', 'domain=! minimum# mountpoint=', [refused('virDomainFSTrim', 'Unable to invoke fstrim')]],
      ['domjobabort', 'domain=! postcopy', [given('postcopy', refused('virDomainAbortJobFlags')), refused('virDomainAbortJob')]],
      [
        'domjobinfo',
        'domain=! completed keep-completed anystats rawstats',
        [
          requires('keep-completed', 'completed'),
          given('completed rawstats', refused('virDomainGetJobStats', 'Optional flags or --rawstats are not supported by the daemon')),
          refused('virDomainGetJobInfo'),
        ],
      ],
      ['domlaunchsecinfo', 'domain=!', [refused('virDomainGetLaunchSecurityInfo', 'Unable to get launch security parameters')]],
      [
        'domsetlaunchsecstate',
        'domain=! --secrethdr= --secret= set-address#',
        [
          missing('secret', 'Both secret and the secret header are required'),
          missing('secrethdr', 'Both secret and the secret header are required'),
          refused('virDomainSetLaunchSecurityState'),
        ],
      ],
      [
        'dompmsuspend',
        'domain=! target=! --duration#',
        [refused('virDomainPMSuspendForDuration', "Domain '{domain}' could not be suspended")],
      ],
      ['dompmwakeup', 'domain=!', [refused('virDomainPMWakeup', "Domain '{domain}' could not be woken up")]],
      [
        'domxml-to-native',
        'format=! --domain= xml=',
        [
          before(missing('domain xml', 'need either domain or domain XML')),
          given('domain', refused('virConnectDomainXMLToNative')),
          file('xml', refused('virConnectDomainXMLToNative')),
        ],
      ],
      [
        'dump',
        'domain=! file=! live crash bypass-cache reset verbose memory-only format=',
        [
          given('format', says('--format only works with --memory-only')),
          refused('virDomainCoreDump', "Failed to core dump domain '{domain}' to {file}"),
        ],
      ],
      ['get-user-sshkeys', 'domain=! user=!', [refused('virDomainAuthorizedSSHKeysGet')]],
      ['inject-nmi', 'domain=!', [refused('virDomainInjectNMI')]],
      ['iothreadinfo', 'domain=! config live current', [refused('virDomainGetIOThreadInfo', 'Unable to get domain IOThreads information')]],
      ['iothreadpin', 'domain=! iothread#! cpulist=! config live current', [refused('virDomainPinIOThread')]],
      ['iothreadadd', 'domain=! id#! config live current', [refused('virDomainAddIOThread')]],
      [
        'iothreadset',
        'domain=! id#! poll-max-ns# poll-grow# poll-shrink# thread-pool-min# thread-pool-max# config live current',
        [
          missing('poll-max-ns poll-grow poll-shrink thread-pool-min thread-pool-max', 'Not enough arguments passed, nothing to set'),
          refused('virDomainSetIOThreadParams'),
        ],
      ],
      ['iothreaddel', 'domain=! id#! config live current', [refused('virDomainDelIOThread')]],
      ['send-key', 'domain=! --codeset= --holdtime# keycode...!', [refused('virDomainSendKey')]],
      [
        'managedsave',
        'domain=! bypass-cache running paused verbose',
        [refused('virDomainManagedSave', "Failed to save domain '{domain}' state")],
      ],
      ['managedsave-edit', 'domain=! running paused', [refused('virDomainManagedSaveGetXMLDesc')]],
      ['managedsave-dumpxml', 'domain=! security-info --xpath= wrap', [refused('virDomainManagedSaveGetXMLDesc')]],
      [
        'managedsave-define',
        'domain=! xml=! running paused',
        [file('xml', refused('virDomainManagedSaveDefineXML', 'Failed to update {domain} XML configuration'))],
      ],
      [
        'perf',
        'domain=! enable= disable= config live current',
        [
          given('enable disable', refused('virDomainSetPerfEvents', 'Unable to enable/disable perf events')),
          refused('virDomainGetPerfEvents', 'Unable to get perf events'),
        ],
      ],
      [
        'migrate',
        'domain=! desturi=! live offline p2p direct tunnelled persistent undefinesource suspend copy-storage-all copy-storage-inc copy-storage-synchronous-writes change-protection unsafe verbose compressed auto-converge rdma-pin-all abort-on-error postcopy postcopy-after-precopy postcopy-resume zerocopy migrateuri= graphicsuri= listen-address= dname= timeout# timeout-suspend timeout-postcopy xml= migrate-disks= disks-port# disks-uri= comp-methods= comp-mt-level# comp-mt-threads# comp-mt-dthreads# comp-xbzrle-cache# auto-converge-initial# auto-converge-increment# persistent-xml= tls postcopy-bandwidth# parallel parallel-connections# bandwidth# tls-destination=',
        [connects('desturi', refused('virDomainMigrate3'))],
      ],
      ['migrate-setmaxdowntime', 'domain=! downtime#!', [refused('virDomainMigrateSetMaxDowntime')]],
      ['migrate-getmaxdowntime', 'domain=!', [refused('virDomainMigrateGetMaxDowntime')]],
      [
        'migrate-compcache',
        'domain=! --size#',
        [given('size', refused('virDomainMigrateSetCompressionCache')), refused('virDomainMigrateGetCompressionCache')],
      ],
      ['migrate-setspeed', 'domain=! bandwidth#! postcopy', [refused('virDomainMigrateSetMaxSpeed')]],
      ['migrate-getspeed', 'domain=! postcopy', [refused('virDomainMigrateGetMaxSpeed')]],
      ['migrate-postcopy', 'domain=!', [refused('virDomainMigrateStartPostCopy')]],
      [
        'numatune',
        'domain=! mode= nodeset= config live current',
        [
          given('mode nodeset', refused('virDomainSetNumaParameters', 'Unable to change numa parameters')),
          refused('virDomainGetNumaParameters', 'Unable to get number of memory parameters'),
        ],
      ],
      ['qemu-attach', 'pid=!', [refused('virDomainQemuAttach')]],
      ['qemu-monitor-command', 'domain=! hmp pretty return-value --pass-fds= cmd...!', [refused('virDomainQemuMonitorCommand')]],
      [
        'qemu-monitor-event',
        'domain= event= pretty loop timeout# regex no-case timestamp',
        [refused('virConnectDomainQemuMonitorEventRegister')],
      ],
      ['qemu-agent-command', 'domain=! --timeout# async block pretty cmd...!', [refused('virDomainQemuAgentCommand')]],
      ['guest-agent-timeout', 'domain=! --timeout#', [refused('virDomainAgentSetResponseTimeout')]],
      ['reset', 'domain=!', [refused('virDomainReset', "Failed to reset domain '{domain}'")]],
      [
        'restore',
        'file=! bypass-cache xml= running paused reset-nvram',
        [
          given('bypass-cache xml running paused reset-nvram', refused('virDomainRestoreFlags', 'Failed to restore domain from {file}')),
          refused('virDomainRestore', 'Failed to restore domain from {file}'),
        ],
      ],
      [
        'save',
        'domain=! file=! bypass-cache xml= running paused verbose',
        [
          given('bypass-cache xml running paused', refused('virDomainSaveFlags', "Failed to save domain '{domain}' to {file}")),
          refused('virDomainSave', "Failed to save domain '{domain}' to {file}"),
        ],
      ],
      [
        'save-image-define',
        'file=! xml=! running paused',
        [file('xml', refused('virDomainSaveImageDefineXML', 'Failed to update {file}'))],
      ],
      ['save-image-dumpxml', 'file=! security-info --xpath= wrap', [refused('virDomainSaveImageGetXMLDesc')]],
      ['save-image-edit', 'file=! running paused', [refused('virDomainSaveImageGetXMLDesc')]],
      ['screenshot', 'domain=! file= screen#', [refused('virDomainScreenshot', 'could not take a screenshot of {domain}')]],
      [
        'set-lifecycle-action',
        'domain=! type=! action=! config live current',
        [refused('virDomainSetLifecycleAction', 'Unable to change lifecycle action.')],
      ],
      [
        'set-user-sshkeys',
        'domain=! user=! file= reset remove',
        [requires('remove', 'file'), missing('file reset', 'Option --file is required'), refused('virDomainAuthorizedSSHKeysSet')],
      ],
      ['set-user-password', 'domain=! user=! password=! encrypted', [refused('virDomainSetUserPassword')]],
      [
        'setvcpus',
        'domain=! count#! maximum config live current guest hotpluggable',
        [
          requires('maximum', 'config'),
          given('config live current guest hotpluggable', refused('virDomainSetVcpusFlags')),
          refused('virDomainSetVcpus'),
        ],
      ],
      ['update-memory-device', 'domain=! config live current print-xml alias= node# requested-size#', [says('no memory device found')]],
      ['vcpuinfo', 'domain=! pretty', [off(refused('virDomainGetVcpuPinInfo')), refused('virDomainGetVcpus')]],
      [
        'vcpupin',
        'domain=! vcpu# cpulist= config live current',
        [
          given('live', refused('virDomainGetMaxVcpus', 'cannot get vcpupin for offline domain')),
          off(succeeds()),
          given('config', succeeds()),
          refused('virDomainGetMaxVcpus', 'cannot get vcpupin for transient domain'),
        ],
      ],
      [
        'emulatorpin',
        'domain=! cpulist= config live current',
        [given('cpulist', refused('virDomainPinEmulator')), refused('virDomainGetEmulatorPinInfo')],
      ],
      ['vncdisplay', 'domain=!', [off(says('Domain is not running')), says('Failed to get VNC port. Is this domain using VNC?')]],
      [
        'guestvcpus',
        'domain=! cpulist= enable disable',
        [
          requires('enable', 'cpulist'),
          requires('disable', 'cpulist'),
          given('enable disable', refused('virDomainSetGuestVcpus')),
          refused('virDomainGetGuestVcpus'),
        ],
      ],
      [
        'setvcpu',
        'domain=! vcpulist=! enable disable config live current',
        [before(missing('enable disable', 'one of --enable, --disable is required')), refused('virDomainSetVcpu')],
      ],
      ['domblkthreshold', 'domain=! dev=! threshold#!', [refused('virDomainSetBlockThreshold')]],
      ['guestinfo', 'domain=! user os timezone hostname filesystem disk interface', [refused('virDomainGetGuestInfo')]],
      ['domdirtyrate-calc', 'domain=! seconds# mode=', [refused('virDomainStartDirtyRateCalc')]],
      ['dom-fd-associate', 'domain=! name=! pass-fds=! seclabel-writable seclabel-restore', [refused('virDomainFDAssociate')]],
    ]),
    group('Domain Monitoring', 'monitor', [
      ['domblkerror', 'domain=!', [refused('virDomainGetDiskErrors')]],
      [
        'domblkinfo',
        'domain=! device= human all',
        [missing('device all', "command 'domblkinfo' requires <device> option"), refused('virDomainGetBlockInfo')],
      ],
      ['domcontrol', 'domain=!', [refused('virDomainGetControlInfo')]],
      [
        'domstats',
        'state cpu-total balloon vcpu interface block perf iothread memory dirtyrate vm list-active list-inactive list-persistent list-transient list-running list-paused list-shutoff list-other raw enforce backing nowait domain...',
        [given('domain', refused('virDomainListGetStats')), refused('virConnectGetAllDomainStats')],
      ],
      ['domtime', 'domain=! now pretty sync time#', [given('now sync time', refused('virDomainSetTime')), refused('virDomainGetTime')]],
    ]),
    group('Checkpoint', 'checkpoint', [
      [
        'checkpoint-create',
        'domain=! xmlfile= redefine redefine-validate quiesce',
        [requires('redefine-validate', 'redefine'), refused('virDomainCheckpointCreateXML')],
      ],
      ['checkpoint-create-as', 'domain=! name= description= print-xml quiesce diskspec...', [refused('virDomainCheckpointCreateXML')]],
      [
        'checkpoint-delete',
        'domain=! checkpointname= children children-only metadata',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-dumpxml',
        'domain=! checkpointname= security-info no-domain size --xpath= wrap',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-edit',
        'domain=! checkpointname=',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-info',
        'domain=! checkpointname=',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-list',
        'domain=! parent roots leaves no-leaves tree from= descendants name topological',
        [
          given('from', refused('virDomainCheckpointLookupByName')),
          refused('virDomainListAllCheckpoints', 'unexpected problem querying checkpoints'),
        ],
      ],
      [
        'checkpoint-parent',
        'domain=! checkpointname=',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
    ]),
    group('Snapshot', 'snapshot', [
      [
        'snapshot-create',
        'domain=! xmlfile= redefine current no-metadata halt disk-only reuse-external quiesce atomic live validate',
        [refused('virDomainSnapshotCreateXML')],
      ],
      [
        'snapshot-create-as',
        'domain=! name= description= print-xml no-metadata halt disk-only reuse-external quiesce atomic live validate --memspec= diskspec...',
        [refused('virDomainSnapshotCreateXML')],
      ],
      [
        'snapshot-current',
        'domain=! name security-info snapshotname=',
        [given('snapshotname', refused('virDomainSnapshotLookupByName')), refused('virDomainHasCurrentSnapshot')],
      ],
      ['snapshot-delete', 'domain=! snapshotname= current children children-only metadata', [...oneSnapshot()]],
      ['snapshot-dumpxml', 'domain=! snapshotname=! security-info --xpath= wrap', [refused('virDomainSnapshotLookupByName')]],
      ['snapshot-edit', 'domain=! snapshotname= current rename clone', [...oneSnapshot()]],
      ['snapshot-info', 'domain=! snapshotname= current', [...oneSnapshot()]],
      [
        'snapshot-list',
        'domain=! parent roots leaves no-leaves metadata no-metadata inactive active disk-only internal external tree from= current descendants name topological',
        [
          given('from', refused('virDomainSnapshotLookupByName')),
          given('current', refused('virDomainSnapshotCurrent')),
          refused('virDomainSnapshotNum'),
        ],
      ],
      ['snapshot-parent', 'domain=! snapshotname= current', [...oneSnapshot()]],
      ['snapshot-revert', 'domain=! snapshotname= current running paused force reset-nvram', [...oneSnapshot()]],
    ]),
    group('Backup', 'backup', [
      ['backup-begin', 'domain=! backupxml= checkpointxml= reuse-external', [refused('virDomainBackupBegin')]],
      ['backup-dumpxml', 'domain=! --xpath= wrap', [refused('virDomainBackupGetXMLDesc')]],
    ]),
  ];
}

// Commands about domains that libvirt's LXC driver refuses, with the errors that it gives.

import type { GroupDefinition } from '../../command.ts';
import { printsCheckpoint, printsCopy, printsSnapshot } from './documents.ts';
import {
  before,
  connects,
  exclusiveFlags,
  file,
  given,
  givenOther,
  missing,
  off,
  oneOf,
  refused,
  requires,
  says,
  when,
} from './outcomes.ts';
import { groupOf } from './rows.ts';
import { bandwidth, cpuList, descriptors, keys } from './values.ts';

/** A snapshot has to be named, or be the current one. */
const oneSnapshot = () => [
  missing('snapshotname current', '--snapshotname or --current is required'),
  given('snapshotname', refused('virDomainSnapshotLookupByName')),
  refused('virDomainSnapshotCurrent'),
];

const DUMP_FORMATS = 'kdump-zlib kdump-lzo kdump-snappy win-dmp elf';
const CURRENT_NEEDS_REDEFINE = "Flag 'VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE' is required by flag 'VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT'";

/** `'a', 'b' or 'c'` */
const quotedList = (words: string) => {
  const quoted = words.split(' ').map((word) => `'${word}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
};

/** Options that have been spelled with underscores too. */
const withUnderscores = (synopsis: string) =>
  synopsis.replace(/--(\w+(?:-\w+)+)/g, (word, name: string) => `${word}|${name.replaceAll('-', '_')}`);

/** Asks about one definition only. */
const oneDefinition = () =>
  given('live', given('config', says("Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive")));

/** Each of `options` makes sense only with one of `others`. */
const anyOf = (options: string, others: string) => {
  const words = others.split(' ').map((word) => `--${word}`);
  const list = `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`;
  return options.split(' ').map((option) => before(given(option, missing(others, `--${option} requires at least one of ${list}`))));
};

const notWithTree = (options: string) =>
  options.split(' ').map((option) => before(given('tree', given(option, says(`--${option} and --tree are mutually exclusive`)))));

const iothreadId = () => when(({ args }) => Number(args['id']) <= 0, says("Invalid IOThread id value: '{id}'"));

const runningOrPaused = (doing: string) =>
  exclusiveFlags(
    [
      ['running', 'VIR_DOMAIN_SAVE_RUNNING'],
      ['paused', 'VIR_DOMAIN_SAVE_PAUSED'],
    ],
    doing,
  );

/** Made when it is asked for: most runs of the program never do. */
export function refusedDomainCommands(): GroupDefinition[] {
  return [
    groupOf('Domain Management', 'domain', [
      [
        withUnderscores(
          'blkdeviotune <domain> <device> [--total-bytes-sec <bytes>] [--read-bytes-sec <bytes>] [--write-bytes-sec <bytes>] [--total-iops-sec <ulong>] [--read-iops-sec <ulong>] [--write-iops-sec <ulong>] [--total-bytes-sec-max <bytes>] [--read-bytes-sec-max <bytes>] [--write-bytes-sec-max <bytes>] [--total-iops-sec-max <ulong>] [--read-iops-sec-max <ulong>] [--write-iops-sec-max <ulong>] [--size-iops-sec <ulong>] [--group-name <string>] [--total-bytes-sec-max-length <ulong>] [--read-bytes-sec-max-length <ulong>] [--write-bytes-sec-max-length <ulong>] [--total-iops-sec-max-length <ulong>] [--read-iops-sec-max-length <ulong>] [--write-iops-sec-max-length <ulong>] [--config] [--live] [--current]',
        ),
        [
          givenOther('domain device config live current', refused('virDomainSetBlockIoTune', 'Unable to change block I/O throttle')),
          refused('virDomainGetBlockIoTune', 'Unable to get number of block I/O throttle parameters'),
        ],
      ],
      [
        'blockcommit <domain> <path> [--bandwidth <bandwidth>] [--base <string>] [--shallow] [--top <string>] [--active] [--delete] [--wait] [--verbose] [--timeout <seconds>] [--pivot] [--keep-overlay] [--async] [--keep-relative] [--bytes]',
        [...anyOf('verbose async', 'timeout wait pivot keep-overlay'), bandwidth(), refused('virDomainBlockCommit')],
        ['pivot keep-overlay'],
      ],
      [
        'blockcopy <domain> <path> [--dest <string>] [--bandwidth <bandwidth>] [--shallow] [--reuse-external] [--blockdev] [--wait] [--verbose] [--timeout <seconds>] [--pivot] [--finish] [--async] [--xml <string>] [--format|raw=raw <string>] [--granularity <uint>] [--buf-size <ulong>] [--bytes] [--transient-job] [--synchronous-writes] [--print-xml]',
        [
          bandwidth(),
          before(missing('dest xml', 'need either --dest or --xml')),
          ...anyOf('verbose async', 'timeout wait pivot finish'),
          file('xml'),
          printsCopy(),
          given('xml', refused('virDomainBlockCopy')),
          refused('virDomainBlockRebase'),
        ],
        ['dest xml', 'format xml', 'blockdev xml', 'pivot finish'],
      ],
      [
        'blockjob <domain> <path> [--abort] [--async] [--pivot] [--info] [--bytes] [--raw] [--bandwidth <bandwidth>]',
        [
          bandwidth(),
          given('abort async pivot', refused('virDomainBlockJobAbort')),
          given('bandwidth', refused('virDomainBlockJobSetSpeed')),
          refused('virDomainGetBlockJobInfo'),
        ],
        [
          ...['abort', 'async', 'pivot'].flatMap((action) => [`info ${action}`, `bytes ${action}`, `raw ${action}`]),
          'info bandwidth',
          'raw bandwidth',
        ],
      ],
      [
        'blockpull <domain> <path> [--bandwidth <bandwidth>] [--base <string>] [--wait] [--verbose] [--timeout <seconds>] [--async] [--keep-relative] [--bytes]',
        [
          requires('verbose', 'wait'),
          requires('async', 'wait'),
          bandwidth(),
          given('base keep-relative', refused('virDomainBlockRebase')),
          refused('virDomainBlockPull'),
        ],
      ],
      ['blockresize <domain> <path> <size:KiB>', [refused('virDomainBlockResize', "Failed to resize block device '{path}'")]],
      [
        'domdisplay <domain> [--include-password] [--type <string>] [--all]',
        [
          off(says('Domain is not running')),
          given('type', says("No graphical display with type '{type}' found")),
          says('No graphical display found'),
        ],
        ['all type'],
      ],
      ['domfsfreeze <domain> [<mountpoint>]...', [refused('virDomainFSFreeze', 'Unable to freeze filesystems')]],
      ['domfsthaw <domain> [<mountpoint>]...', [refused('virDomainFSThaw', 'Unable to thaw filesystems')]],
      ['domfstrim <domain> [--minimum <ulong>] [--mountpoint <string>]', [refused('virDomainFSTrim', 'Unable to invoke fstrim')]],
      ['domlaunchsecinfo <domain>', [refused('virDomainGetLaunchSecurityInfo', 'Unable to get launch security parameters')]],
      [
        'domsetlaunchsecstate <domain> [--secrethdr=<string>] [--secret=<string>] [--set-address <number>]',
        [
          missing('secret', 'Both secret and the secret header are required'),
          missing('secrethdr', 'Both secret and the secret header are required'),
          refused('virDomainSetLaunchSecurityState'),
        ],
      ],
      [
        'dompmsuspend <domain> <target> [--duration=<ulong>]',
        [
          oneOf('target', 'mem disk hybrid', 'Invalid target'),
          refused('virDomainPMSuspendForDuration', "Domain '{domain}' could not be suspended"),
        ],
      ],
      ['dompmwakeup <domain>', [refused('virDomainPMWakeup', "Domain '{name}' could not be woken up")]],
      [
        'domxml-to-native <format> [--domain=<string>] [--xml <string>]',
        [
          before(missing('domain xml', 'need either domain or domain XML')),
          given('domain', refused('virConnectDomainXMLToNative')),
          file('xml', refused('virConnectDomainXMLToNative')),
        ],
      ],
      [
        'dump <domain> <file> [--live] [--crash] [--bypass-cache] [--reset] [--verbose] [--memory-only] [--format <string?>]',
        [
          given('format', missing('memory-only', '--format only works with --memory-only')),
          oneOf('format', DUMP_FORMATS, `format '{format}' is not supported, expecting ${quotedList(DUMP_FORMATS)}`),
          exclusiveFlags(
            [
              ['crash', 'VIR_DUMP_CRASH'],
              ['live', 'VIR_DUMP_LIVE'],
              ['reset', 'VIR_DUMP_RESET'],
            ],
            "Failed to core dump domain '{domain}' to {file}",
          ),
          refused('virDomainCoreDump', "Failed to core dump domain '{domain}' to {file}"),
        ],
      ],
      ['get-user-sshkeys <domain> <user>', [refused('virDomainAuthorizedSSHKeysGet')]],
      ['inject-nmi <domain>', [refused('virDomainInjectNMI')]],
      [
        'iothreadinfo <domain> [--config] [--live] [--current]',
        [oneDefinition(), refused('virDomainGetIOThreadInfo', 'Unable to get domain IOThreads information')],
      ],
      [
        'iothreadpin <domain> <iothread:uint> <cpulist> [--config] [--live] [--current]',
        [cpuList('cpulist'), refused('virDomainPinIOThread')],
      ],
      ['iothreadadd <domain> <id:int> [--config] [--live] [--current]', [iothreadId(), refused('virDomainAddIOThread')]],
      [
        'iothreadset <domain> <id:int> [--poll-max-ns <ulong>] [--poll-grow <uint>] [--poll-shrink <uint>] [--thread-pool-min <int>] [--thread-pool-max <int>] [--config] [--live] [--current]',
        [
          iothreadId(),
          missing('poll-max-ns poll-grow poll-shrink thread-pool-min thread-pool-max', 'Not enough arguments passed, nothing to set'),
          refused('virDomainSetIOThreadParams'),
        ],
      ],
      ['iothreaddel <domain> <id:int> [--config] [--live] [--current]', [iothreadId(), refused('virDomainDelIOThread')]],
      ['send-key <domain> [--codeset=<string?>] [--holdtime=<uint>] {<keycode>}...', [keys(), refused('virDomainSendKey')]],
      [
        'managedsave <domain> [--bypass-cache] [--running] [--paused] [--verbose]',
        [
          runningOrPaused("Failed to save domain '{domain}' state"),
          refused('virDomainManagedSave', "Failed to save domain '{domain}' state"),
        ],
      ],
      ['managedsave-edit <domain> [--running] [--paused]', [refused('virDomainManagedSaveGetXMLDesc')], ['running paused']],
      ['managedsave-dumpxml <domain> [--security-info] [--xpath=<string?>] [--wrap]', [refused('virDomainManagedSaveGetXMLDesc')]],
      [
        'managedsave-define <domain> <xml> [--running] [--paused]',
        [file('xml', refused('virDomainManagedSaveDefineXML', 'Failed to update {name} XML configuration'))],
        ['running paused'],
      ],
      [
        'perf <domain> [--enable <string>] [--disable <string>] [--config] [--live] [--current]',
        [
          given('enable disable', refused('virDomainSetPerfEvents', 'Unable to enable/disable perf events')),
          refused('virDomainGetPerfEvents', 'Unable to get perf events'),
        ],
      ],
      [
        'migrate <domain> <desturi> [--live] [--offline] [--p2p] [--direct] [--tunnelled] [--persistent] [--undefinesource] [--suspend] [--copy-storage-all] [--copy-storage-inc] [--copy-storage-synchronous-writes] [--change-protection] [--unsafe] [--verbose] [--compressed] [--auto-converge] [--rdma-pin-all] [--abort-on-error] [--postcopy] [--postcopy-after-precopy] [--postcopy-resume] [--zerocopy] [--migrateuri <string>] [--graphicsuri <string>] [--listen-address <string>] [--dname <string>] [--timeout <seconds>] [--timeout-suspend] [--timeout-postcopy] [--xml <string>] [--migrate-disks <string>] [--disks-port <int>] [--disks-uri <string>] [--comp-methods <string>] [--comp-mt-level <int>] [--comp-mt-threads <int>] [--comp-mt-dthreads <int>] [--comp-xbzrle-cache <ulong>] [--auto-converge-initial <int>] [--auto-converge-increment <int>] [--persistent-xml <string>] [--tls] [--postcopy-bandwidth <ulong>] [--parallel] [--parallel-connections <int>] [--bandwidth <ulong>] [--tls-destination <string>]',
        [
          ...['postcopy-after-precopy [--postcopy-resume]', 'timeout-postcopy'].map((option) => requires(option, 'postcopy')),
          requires('persistent-xml', 'persistent'),
          requires('tls-destination', 'tls'),
          connects('desturi', refused('virDomainMigrate3')),
        ],
        ['live offline', 'timeout-suspend timeout-postcopy'],
      ],
      [
        'migrate-setmaxdowntime <domain> <downtime:ulong>',
        [when(({ args }) => Number(args['downtime']) === 0, says('migrate: Invalid downtime')), refused('virDomainMigrateSetMaxDowntime')],
      ],
      ['migrate-getmaxdowntime <domain>', [refused('virDomainMigrateGetMaxDowntime')]],
      [
        'migrate-compcache <domain> [--size=<ulong>]',
        [given('size', refused('virDomainMigrateSetCompressionCache')), refused('virDomainMigrateGetCompressionCache')],
      ],
      ['migrate-setspeed <domain> <bandwidth:wrapping> [--postcopy]', [refused('virDomainMigrateSetMaxSpeed')]],
      ['migrate-getspeed <domain> [--postcopy]', [refused('virDomainMigrateGetMaxSpeed')]],
      ['migrate-postcopy <domain>', [refused('virDomainMigrateStartPostCopy')]],
      ['qemu-attach <pid>', [refused('virDomainQemuAttach', 'Failed to attach to pid {pid}')]],
      [
        'qemu-monitor-command <domain> [--hmp] [--pretty] [--return-value] [--pass-fds=<string?>] {<cmd>}...',
        [refused('virDomainQemuMonitorCommand')],
      ],
      [
        'qemu-monitor-event [--domain <string>] [--event <string>] [--pretty] [--loop] [--timeout <seconds>] [--regex] [--no-case] [--timestamp]',
        [refused('virConnectDomainQemuMonitorEventRegister')],
      ],
      ['qemu-agent-command <domain> [--timeout=<int>] [--async] [--block] [--pretty] {<cmd>}...', [refused('virDomainQemuAgentCommand')]],
      ['guest-agent-timeout <domain> [--timeout=<int>]', [refused('virDomainAgentSetResponseTimeout')]],
      ['reset <domain>', [refused('virDomainReset', "Failed to reset domain '{domain}'")]],
      [
        'restore <file> [--bypass-cache] [--xml <string>] [--running] [--paused] [--reset-nvram]',
        [
          runningOrPaused('Failed to restore domain from {file}'),
          given('bypass-cache xml running paused reset-nvram', refused('virDomainRestoreFlags', 'Failed to restore domain from {file}')),
          refused('virDomainRestore', 'Failed to restore domain from {file}'),
        ],
      ],
      [
        'save <domain> <file> [--bypass-cache] [--xml <string>] [--running] [--paused] [--verbose]',
        [
          file('xml'),
          runningOrPaused("Failed to save domain '{domain}' to {file}"),
          given('bypass-cache xml running paused', refused('virDomainSaveFlags', "Failed to save domain '{domain}' to {file}")),
          refused('virDomainSave', "Failed to save domain '{domain}' to {file}"),
        ],
      ],
      [
        'save-image-define <file> <xml> [--running] [--paused]',
        [
          file('xml', runningOrPaused('Failed to update {file}')),
          file('xml', refused('virDomainSaveImageDefineXML', 'Failed to update {file}')),
        ],
      ],
      ['save-image-dumpxml <file> [--security-info] [--xpath=<string?>] [--wrap]', [refused('virDomainSaveImageGetXMLDesc')]],
      ['save-image-edit <file> [--running] [--paused]', [refused('virDomainSaveImageGetXMLDesc')]],
      [
        'screenshot <domain> [--file <string>] [--screen <uint>]',
        [refused('virDomainScreenshot', 'could not take a screenshot of {domain}')],
      ],
      [
        'set-user-sshkeys <domain> <user> [--file <string>] [--reset] [--remove]',
        [
          requires('remove', 'file'),
          missing('file reset', 'Option --file is required'),
          file('file'),
          refused('virDomainAuthorizedSSHKeysSet'),
        ],
      ],
      ['set-user-password <domain> <user> <password> [--encrypted]', [refused('virDomainSetUserPassword')]],
      [
        'update-memory-device <domain> [--config] [--live] [--current] [--print-xml] [--alias <string>] [--node <uint>] [--requested-size <number>]',
        [says('no memory device found')],
        ['node alias'],
      ],
      ['vncdisplay <domain>', [off(says('Domain is not running')), says('Failed to get VNC port. Is this domain using VNC?')]],
      [
        'guestvcpus <domain> [--cpulist <string>] [--enable] [--disable]',
        [
          requires('enable', 'cpulist'),
          requires('disable', 'cpulist'),
          before(given('cpulist', missing('enable disable', 'One of options --enable or --disable is required by option --cpulist'))),
          given('enable disable', refused('virDomainSetGuestVcpus')),
          refused('virDomainGetGuestVcpus'),
        ],
        ['enable disable'],
      ],
      [
        'setvcpu <domain> <vcpulist:string?> [--enable] [--disable] [--config] [--live] [--current]',
        [before(missing('enable disable', 'one of --enable, --disable is required')), refused('virDomainSetVcpu')],
        ['enable disable'],
      ],
      ['domblkthreshold <domain> <dev> <threshold:bytes>', [refused('virDomainSetBlockThreshold')]],
      [
        'domdirtyrate-calc <domain> [--seconds <int>] [--mode <string>]',
        [
          oneOf('mode', 'page-sampling dirty-bitmap dirty-ring', "Unknown calculation mode '{mode}'"),
          refused('virDomainStartDirtyRateCalc'),
        ],
      ],
      [
        'dom-fd-associate <domain> <name> <pass-fds:string?> [--seclabel-writable] [--seclabel-restore]',
        [before(descriptors('pass-fds')), refused('virDomainFDAssociate')],
      ],
    ]),
    groupOf('Checkpoint', 'checkpoint', [
      [
        'checkpoint-create <domain> [--xmlfile <string>] [--redefine] [--redefine-validate] [--quiesce]',
        [requires('redefine-validate', 'redefine'), file('xmlfile'), refused('virDomainCheckpointCreateXML')],
      ],
      [
        'checkpoint-create-as <domain> [--name <string>] [--description <string>] [--print-xml] [--quiesce] [<diskspec>]...',
        [printsCheckpoint(), refused('virDomainCheckpointCreateXML')],
      ],
      [
        'checkpoint-delete <domain> [--checkpointname <string>] [--children] [--children-only] [--metadata]',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-dumpxml <domain> [--checkpointname <string>] [--security-info] [--no-domain] [--size] [--xpath=<string?>] [--wrap]',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-edit <domain> [--checkpointname <string>]',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-info <domain> [--checkpointname <string>]',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
      [
        'checkpoint-list <domain> [--parent] [--roots] [--leaves] [--no-leaves] [--tree] [--from <string>] [--descendants] [--name] [--topological]',
        [
          before(given('descendants', missing('from', '--descendants requires --from'))),
          ...notWithTree('leaves no-leaves'),
          given('from', refused('virDomainCheckpointLookupByName')),
          refused('virDomainListAllCheckpoints', 'unexpected problem querying checkpoints'),
        ],
        ['parent roots', 'parent tree', 'roots tree', 'roots from', 'tree name'],
      ],
      [
        'checkpoint-parent <domain> [--checkpointname <string>]',
        [missing('checkpointname', '--checkpointname is required'), refused('virDomainCheckpointLookupByName')],
      ],
    ]),
    groupOf('Snapshot', 'snapshot', [
      [
        'snapshot-create <domain> [--xmlfile <string>] [--redefine] [--current] [--no-metadata] [--halt] [--disk-only] [--reuse-external] [--quiesce] [--atomic] [--live] [--validate]',
        [file('xmlfile'), given('current', missing('redefine', CURRENT_NEEDS_REDEFINE)), refused('virDomainSnapshotCreateXML')],
      ],
      [
        'snapshot-create-as <domain> [--name <string>] [--description <string>] [--print-xml] [--no-metadata] [--halt] [--disk-only] [--reuse-external] [--quiesce] [--atomic] [--live] [--validate] [--memspec=<string>] [<diskspec>]...',
        [printsSnapshot(), refused('virDomainSnapshotCreateXML')],
      ],
      [
        'snapshot-current <domain> [--name] [--security-info] [--snapshotname <string>]',
        [given('snapshotname', refused('virDomainSnapshotLookupByName')), refused('virDomainHasCurrentSnapshot')],
        ['name snapshotname'],
      ],
      ['snapshot-delete <domain> [--snapshotname <string>] [--current] [--children] [--children-only] [--metadata]', [...oneSnapshot()]],
      [
        'snapshot-dumpxml <domain> <snapshotname> [--security-info] [--xpath=<string?>] [--wrap]',
        [refused('virDomainSnapshotLookupByName')],
      ],
      ['snapshot-edit <domain> [--snapshotname <string>] [--current] [--rename] [--clone]', [...oneSnapshot()], ['rename clone']],
      ['snapshot-info <domain> [--snapshotname <string>] [--current]', [...oneSnapshot()]],
      [
        'snapshot-list <domain> [--parent] [--roots] [--leaves] [--no-leaves] [--metadata] [--no-metadata] [--inactive] [--active] [--disk-only] [--internal] [--external] [--tree] [--from <string>] [--current] [--descendants] [--name] [--topological]',
        [
          before(given('descendants', missing('from current', '--descendants requires either --from or --current'))),
          ...notWithTree('leaves no-leaves inactive active disk-only internal external'),
          given('from', refused('virDomainSnapshotLookupByName')),
          given('current', refused('virDomainSnapshotCurrent')),
          refused('virDomainSnapshotNum'),
        ],
        ['parent roots', 'parent tree', 'roots tree', 'roots from', 'roots current', 'tree name'],
      ],
      ['snapshot-parent <domain> [--snapshotname <string>] [--current]', [...oneSnapshot()]],
      [
        'snapshot-revert <domain> [--snapshotname <string>] [--current] [--running] [--paused] [--force] [--reset-nvram]',
        [...oneSnapshot()],
      ],
    ]),
    groupOf('Backup', 'backup', [
      [
        'backup-begin <domain> [--backupxml <string>] [--checkpointxml <string>] [--reuse-external]',
        [file('backupxml'), file('checkpointxml'), refused('virDomainBackupBegin')],
      ],
      ['backup-dumpxml <domain> [--xpath=<string?>] [--wrap]', [refused('virDomainBackupGetXMLDesc')]],
    ]),
  ];
}

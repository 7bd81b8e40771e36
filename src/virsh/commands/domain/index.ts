import { autostart } from './autostart.ts';
import { autostartAll } from './autostart-all.ts';
import { blkiotune } from './blkiotune.ts';
import { consoleCommand } from './console.ts';
import { cp } from './cp.ts';
import { cpuStats } from './cpu-stats.ts';
import { create } from './create.ts';
import { define } from './define.ts';
import { desc } from './desc.ts';
import { attachDevice, detachDevice, detachDeviceAlias, updateDevice } from './device-file.ts';
import { attachDisk, detachDisk } from './disk.ts';
import { domhostname } from './domhostname.ts';
import { domxmlFromNative } from './domxml-from-native.ts';
import { dumpxml } from './dumpxml.ts';
import { edit } from './edit.ts';
import { exec } from './exec.ts';
import { resume, suspend } from './freeze.ts';
import { domfsinfo, guestinfo } from './guest.ts';
import { attachInterface, detachInterface, domifSetlink, domiftune } from './interface.ts';
import { domjobabort, domjobinfo } from './jobs.ts';
import { logs } from './logs.ts';
import { lxcEnterNamespace } from './lxc-enter-namespace.ts';
import { managedsaveRemove } from './managedsave-remove.ts';
import { memtune, setmaxmem, setmem } from './memory.ts';
import { metadata } from './metadata.ts';
import { domid, domname, domrename, domuuid } from './names.ts';
import { numatune } from './numatune.ts';
import { reboot } from './reboot.ts';
import { schedinfo } from './schedinfo.ts';
import { sendProcessSignal } from './send-process-signal.ts';
import { setLifecycleAction } from './set-lifecycle-action.ts';
import { shutdownAll } from './shutdown-all.ts';
import { start } from './start.ts';
import { destroy, shutdown } from './stop.ts';
import { ttyconsole } from './ttyconsole.ts';
import { undefine } from './undefine.ts';
import { vcpucount } from './vcpucount.ts';
import { vcpuinfo } from './vcpuinfo.ts';
import { emulatorpin, setvcpus, vcpupin } from './vcpus.ts';

/** In the order of `help domain`. */
export const domainCommands = [
  attachDevice,
  attachDisk,
  attachInterface,
  autostart,
  autostartAll,
  blkiotune,
  consoleCommand,
  cp,
  cpuStats,
  create,
  define,
  desc,
  destroy,
  detachDevice,
  detachDeviceAlias,
  detachDisk,
  detachInterface,
  domfsinfo,
  domhostname,
  domid,
  domifSetlink,
  domiftune,
  domjobabort,
  domjobinfo,
  domname,
  domrename,
  domuuid,
  domxmlFromNative,
  dumpxml,
  edit,
  emulatorpin,
  exec,
  guestinfo,
  sendProcessSignal,
  logs,
  lxcEnterNamespace,
  managedsaveRemove,
  memtune,
  metadata,
  numatune,
  reboot,
  resume,
  schedinfo,
  setLifecycleAction,
  setmaxmem,
  setmem,
  setvcpus,
  shutdown,
  shutdownAll,
  start,
  suspend,
  ttyconsole,
  undefine,
  updateDevice,
  vcpucount,
  vcpuinfo,
  vcpupin,
];

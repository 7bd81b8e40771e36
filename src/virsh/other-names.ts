// What others call it: words that users of podman, docker, Incus, machinectl and systemctl type, by the commands that do it here.

import { entryOf } from '../domain/table.ts';

const OTHER_NAMES: Readonly<Record<string, string>> = {
  attach: 'console',
  clone: 'dumpxml define',
  copy: 'cp',
  'copy-from': 'cp',
  'copy-to': 'cp',
  delete: 'undefine',
  disable: 'autostart',
  enable: 'autostart',
  enter: 'exec lxc-enter-namespace',
  freeze: 'suspend',
  info: 'dominfo',
  inspect: 'dumpxml dominfo',
  kill: 'destroy send-process-signal',
  launch: 'create',
  login: 'console',
  ls: 'list',
  network: 'net-list',
  pause: 'suspend',
  poweroff: 'shutdown',
  ps: 'list',
  publish: 'dumpxml',
  pull: 'cp',
  push: 'cp',
  remove: 'undefine',
  rename: 'domrename',
  restart: 'reboot',
  rm: 'undefine',
  run: 'create exec',
  shell: 'exec',
  show: 'dominfo dumpxml',
  stats: 'domstats',
  status: 'domstate dominfo',
  stop: 'shutdown destroy',
  terminate: 'destroy',
  unfreeze: 'resume',
  unpause: 'resume',
  update: 'setmem setvcpus memtune',
  wait: 'await',
};

/** The commands that somebody may mean by a word that is none. */
export const commandsMeantBy = (word: string): readonly string[] => entryOf(OTHER_NAMES, word)?.split(' ') ?? [];

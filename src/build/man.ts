// Writes man/virsh-lxc.1 from the table of commands and man/prose.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { manualPage } from '../virsh/man.ts';
import { commandTable } from '../virsh/registry.ts';
import { GLOBAL_OPTIONS } from '../virsh/settings.ts';

const file = (name: string): string => path.join(import.meta.dirname, '../..', name);
const read = (name: string): string => readFileSync(file(name), 'utf8');

const page = manualPage({
  table: commandTable,
  globalOptions: GLOBAL_OPTIONS,
  version: JSON.parse(read('package.json')).version,
  page: read('man/prose/page.roff'),
  commands: read('man/prose/commands.roff'),
});
// One that is as it was keeps its time.
if (!existsSync(file('man/virsh-lxc.1')) || read('man/virsh-lxc.1') !== page) writeFileSync(file('man/virsh-lxc.1'), page);

// Writes dist/apparmor/TEMPLATE.virsh-lxc: what an administrator may copy and change.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defaultTemplate } from '../security/apparmor/template.ts';

const directory = path.join(import.meta.dirname, '../../dist/apparmor');
mkdirSync(directory, { recursive: true });
writeFileSync(path.join(directory, 'TEMPLATE.virsh-lxc'), defaultTemplate());

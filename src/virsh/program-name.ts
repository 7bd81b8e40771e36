// What the prompt, the log and the history call the program: scripts and people know it as virsh.

import type { Program } from '../vsh/command.ts';

export const PROGRAM: Program = {
  name: 'virsh',
  banner: [
    'Welcome to virsh, the virtualization interactive terminal.',
    '',
    "Type:  'help' for help with commands",
    "       'quit' to quit",
    '',
    '',
  ].join('\n'),
};

import { defineCommand } from '../../../vsh/command.ts';

const leaving = (name: string) =>
  defineCommand({
    name,
    group: 'virsh',
    connection: false,
    summary: 'leave',
    description: 'Leaves the interactive mode, or ends the commands of one line. Domains are not affected.',
    options: [],
    // The session stops after a command of this name.
    run() {},
  });

export const quit = leaving('quit');
export const exit = leaving('exit');

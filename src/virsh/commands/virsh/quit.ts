import { defineCommand } from '../../command.ts';

const leaving = (name: string) =>
  defineCommand({
    name,
    group: 'virsh',
    connection: false,
    leaves: true,
    summary: 'leave',
    description: 'Leaves the interactive mode, or ends the commands of one line. Domains are not affected.',
    options: [],
    run() {},
  });

export const quit = leaving('quit');
export const exit = leaving('exit');

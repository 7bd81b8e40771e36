import { homedir } from 'node:os';
import { systemError } from '../../../errors.ts';
import { defineCommand, failure } from '../../command.ts';

export const cd = defineCommand({
  name: 'cd',
  group: 'virsh',
  connection: false,
  summary: 'go to another directory',
  description: 'Changes the directory that file names are relative to. Only in interactive mode, where later commands can profit.',
  options: [{ name: 'dir', type: 'string', completes: 'directory', help: "the directory (default: the user's home)" }],
  run(context, args) {
    if (!context.settings.interactive) throw failure('cd: command valid only in interactive mode');
    const target = args.dir ?? homedir();
    try {
      process.chdir(target);
    } catch (error) {
      const reason = systemError('cd', error).message;
      throw failure(`${reason}: ${target}`, error);
    }
  },
});

export const pwd = defineCommand({
  name: 'pwd',
  group: 'virsh',
  connection: false,
  summary: 'the current directory',
  description: 'Prints the directory that file names are relative to.',
  options: [],
  run(context) {
    context.print(`${process.cwd()}\n`);
  },
});

// The program as it is compiled: what it is this time, and its exit status.
import path from 'node:path';
import process from 'node:process';
import { forgetLauncher } from '../../lib-native/runtime.ts';
import { ON_EXIT_WORDS } from '../container/on-exit-command.ts';
import { asLibvirtError } from '../errors.ts';
import { Output } from '../vsh/output.ts';
import { PROGRAM_VERSION } from './version.ts';

type Program = (argv: readonly string[]) => number | Promise<number>;

const virsh: Program = async (argv) => (await import('./main.ts')).main(argv);

/** What it is by its name (src/build/build.mjs has the names); by any other one it is virsh. */
const BY_NAME: ReadonlyMap<string, Program> = new Map([
  ['virsh-lxc-leases', inside(async (argv) => (await import('../bridge/lease-script.ts')).runLeaseScript(argv))],
  ['virsh-lxc-rpc', inside(async (argv) => (await import('../rpc/serve.ts')).runServer(argv))],
  ['virt-ssh-helper', inside(async (argv) => (await import('../rpc/serve.ts')).runSshHelper(argv))],
  ['virt-top', async (argv) => (await import('../virt-top/virt-top.ts')).runVirtTop(argv, PROGRAM_VERSION)],
  ['virt-host-validate', inside(async (argv) => (await import('./host-validate.ts')).runHostValidate(argv, process.argv0))],
]);

/** What it is by its first word: that of the command which a container's controller runs when its init has ended. */
const onExit = inside(async (argv) => {
  await (await import('../container/on-exit.ts')).runOnExit(argv.slice(1));
  return 0;
});
const BY_WORD: ReadonlyMap<string, Program> = new Map(ON_EXIT_WORDS.map((word) => [word, onExit]));

/** For programs that are no virsh: an error is one line. */
function inside(program: Program): Program {
  return async (argv) => {
    try {
      return await program(argv);
    } catch (error) {
      (await Output.open()).error(asLibvirtError(error).message.trim());
      return 1;
    }
  };
}

forgetLauncher();
const argv = process.argv.slice(2);
const program = BY_NAME.get(path.basename(process.argv0)) ?? BY_WORD.get(argv[0] ?? '') ?? virsh;
process.exit(await program(argv));

// Where the runtimes differ: the program is compiled by Bun (src/build/build.mjs), its unit tests run under Node.
import path from 'node:path';
import process from 'node:process';

const isCompiled = process.versions['bun'] !== undefined;

/** The folder of the program, of the controller and of koffi's library: `dist` in a built checkout. */
export const programFolder = isCompiled ? path.dirname(process.execPath) : path.join(import.meta.dirname, '../dist');

/** The command, as other programs are told to run it. */
export const programFile = path.join(programFolder, 'virsh-lxc');

/** The program that controls a container. */
export const controllerFile = path.join(programFolder, 'libvirt_lxc');

type Exit = (status: number) => never;

/** Has process.exit() end by `exit`, after the 'exit' handlers. */
export function exitBy(exit: (status: number) => void): void {
  (process as unknown as { reallyExit: Exit }).reallyExit = exit as Exit;
}

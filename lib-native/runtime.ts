// Where the runtimes differ: the program is compiled by Bun (src/build/build.mjs), its unit tests run under Node.
import path from 'node:path';
import process from 'node:process';

const isCompiled = process.versions['bun'] !== undefined;

/** The folder of the program, of the controller and of koffi's library: `dist` in a built checkout. */
export const programFolder = isCompiled ? path.dirname(process.execPath) : path.join(import.meta.dirname, '../dist');

/** The command, as other programs are told to run it. */
export const programFile = path.join(programFolder, 'virsh-lxc');

/** The same by the name by which dnsmasq runs it for its leases (src/virsh/program.ts). */
export const leaseProgramFile = path.join(programFolder, 'virsh-lxc-leases');

/** The program that controls a container. */
export const controllerFile = path.join(programFolder, 'libvirt_lxc');

/** What the launcher tells the runtime is not for those that we start. */
export function forgetLauncher(): void {
  for (const name of ['BUN_JSC_useJIT', 'BUN_JSC_largeHeapSize', 'MIMALLOC_ALLOW_THP']) delete process.env[name];
}

interface Bun {
  gc(force: boolean): void;
  shrink(): void;
}

/** Gives back memory that is not in use: for a process that is going to wait. */
export function releaseMemory(): void {
  const { Bun: bun } = globalThis as { Bun?: Bun };
  bun?.gc(true);
  bun?.shrink();
}

type Exit = (status: number) => never;

/** The build notes which functions a run calls (src/build/build.mjs); the runtime writes that down when it ends in its own way. */
const isRecorded = process.env['BUN_BYTECODE_ORDER_OUT'] !== undefined;

/** Has process.exit() end by `exit`, after the 'exit' handlers. */
export function exitBy(exit: (status: number) => void): void {
  if (!isRecorded) (process as unknown as { reallyExit: Exit }).reallyExit = exit as Exit;
}

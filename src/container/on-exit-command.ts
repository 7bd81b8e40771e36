// What a controller executes in its own place when its init has ended (on-exit.ts); it adds the wait status of init. Every command
// of the program loads this: it imports nothing.

const ON_EXIT = '--internal-on-exit';

/** The first word; also that of older releases, whose containers may still run. */
export const ON_EXIT_WORDS: readonly string[] = [ON_EXIT, '--internal-aftermath'];

export interface OnExitArguments {
  name: string;
  partition: string;
  /** Releases that are older still do not tell it. */
  uuid?: string;
}

export const onExitCommand = (program: string, { name, partition, uuid }: Required<OnExitArguments>): string[] => [
  ...[program, ON_EXIT],
  ...[name, partition, uuid],
];

/** From the words of a controller's command line; undefined where it has no such command. */
export function onExitArguments(words: readonly string[]): OnExitArguments | undefined {
  const at = words.findIndex((word) => ON_EXIT_WORDS.includes(word));
  const [name, partition, uuid] = words.slice(at + 1);
  if (at < 0 || name === undefined || partition === undefined) return undefined;
  return { name, partition, ...(uuid && { uuid }) };
}

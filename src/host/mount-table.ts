// A table of mounts as the kernel writes it (proc_pid_mountinfo(5)). Pure.

export interface Mount {
  mountpoint: string;
  /** Of the file system: `ext4`. */
  type: string;
  /** The device, or what else is mounted. */
  source: string;
  /** `major:minor`. */
  number: string;
}

/** In the order of the table: of several at one place the last is the one to be seen. */
export function parseMountTable(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [, , number, , mountpoint] = fields;
    const [type, source] = [fields[dash + 1], fields[dash + 2]];
    if (dash < 0 || number === undefined || mountpoint === undefined || type === undefined || source === undefined) continue;
    mounts.push({ mountpoint: unescaped(mountpoint), type, source: unescaped(source), number });
  }
  return mounts;
}

/** Blanks and the like are written as three octal digits. */
export const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

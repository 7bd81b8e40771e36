// Small files of /proc and /sys, any of which a kernel may lack.
import fs from 'node:fs';
import { errnoCode, systemError } from '../errors.ts';

/** The content without white space around it, or undefined where there is no such file or it has nothing to say. */
export function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    // Attributes of /sys that do not apply to a device fail when they are read.
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'ENODEV', 'ENXIO', 'EIO', 'EOPNOTSUPP', 'EACCES'].includes(errnoCode(error) ?? ''))
      return undefined;
    throw systemError(`Failed to open file '${file}'`, error);
  }
}

export function readNumber(file: string): number | undefined {
  const text = readText(file);
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
}

/** The names in a directory; none where there is no directory. */
export function listDirectory(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw systemError(`cannot read directory '${directory}'`, error);
  }
}

/** `0-2,5` as numbers. */
export function parseNumberList(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const [first, last = first] = part.trim().split('-').map(Number);
    if (part.trim() === '') continue;
    for (let n = first!; n <= last!; n++) numbers.push(n);
  }
  return numbers;
}

// Files that commands read: domain and device descriptions.

import { readFileSync } from 'node:fs';
import { errnoCode, systemError } from '../../errors.ts';
import { failure } from '../command.ts';

/** libvirt refuses larger descriptions. */
const MAX_BYTES = 10 * 1024 * 1024;

/** The text of `path`. Throws as readDescriptionBytes(). */
export const readDescription = (path: string): string => readDescriptionBytes(path).toString('utf8');

/** The bytes of `path`: whether they are UTF-8 is the parser's to say. Throws SYSTEM_ERROR `Failed to open file 'PATH': …`. */
export function readDescriptionBytes(path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    if (errnoCode(error) === 'EISDIR') throw systemError(`Failed to read file '${path}'`, error);
    throw systemError(`Failed to open file '${path}'`, error);
  }
  if (content.length > MAX_BYTES) throw failure(`Failed to read file '${path}': Value too large for defined data type`);
  return content;
}

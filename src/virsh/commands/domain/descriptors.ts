import { failure } from '../../command.ts';

/** `--pass-fds N,M,...`. */
export function descriptors(text: string | undefined): number[] {
  if (text === undefined || text === '') return [];
  return text.split(',').map((word) => {
    const fd = /^\s*[+-]?\d+$/.test(word) ? Number(word) : Number.NaN;
    if (!(Math.abs(fd) < 2 ** 31)) throw failure(`Unable to parse FD number '${word}'`);
    return fd;
  });
}

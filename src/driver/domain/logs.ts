// logs: what is kept of a console.
import { pause } from '../../../lib-native/pause.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { hasRecords, RecordReader, recordFiles } from '../../store/console-record.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { LineJoiner, type LogPiece, PieceMaker, type Selection, selectPieces } from './log-pieces.ts';

export { LineJoiner };

export interface LogOptions extends Selection {
  /** The place of the console. */
  console: number;
  /** Goes on with what is written until the container is over. */
  follows: boolean;
}

/** Of a domain that is gone there may still be some: what it wrote outlives a transient one. */
export const hasLogs = (name: string): boolean => hasRecords(name);

/** While nothing is written, a look for more costs microseconds. */
const FOLLOW_MS = 100;

/** Piece by piece, in the order in which it was written. Throws OPERATION_INVALID where nothing is kept of that console. */
export function* consoleLog(connection: Connection, { name }: Pick<DomainRef, 'name'>, options: LogOptions): Generator<LogPiece[]> {
  requireWritable(connection, 'virDomainOpenConsole'); // what a console shows may be as secret as the console
  if (!recordFiles(name).some(({ console }) => console === options.console))
    throw libvirtError('OPERATION_INVALID', `nothing is kept of console ${options.console}`);
  using reader = new RecordReader(name, options.console);
  const maker = new PieceMaker();
  yield selectPieces(maker.add(reader.next()), options);
  while (options.follows) {
    const isOver = liveStatus(name) === undefined;
    const pieces = maker.add(reader.next()); // what came before the end is there, if it was over when it was asked
    if (pieces.length > 0) yield selectPieces(pieces, { sinceMs: options.sinceMs });
    else if (isOver) return;
    else pause(FOLLOW_MS);
  }
}

// Lines out of the records of a console, each as old as its first byte. Pure.
import type { ConsoleRecord } from '../../store/console-record.ts';

/** A line with its line feed, or as much of it as there is: what follows is a piece that begins none. */
export interface LogPiece {
  timeMs: number;
  bytes: Buffer;
  beginsLine: boolean;
  /** Ours: that the container started, or how it ended. */
  isNote: boolean;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Takes records as they come. A note stands on a line of its own. */
export class PieceMaker {
  #atStart = true;

  add(records: readonly ConsoleRecord[]): LogPiece[] {
    const pieces: LogPiece[] = [];
    for (const { kind, timeMs, bytes } of records) {
      if (kind !== 'O') {
        if (!this.#atStart) pieces.push({ timeMs, bytes: Buffer.from('\n'), beginsLine: false, isNote: false });
        pieces.push({ timeMs, bytes, beginsLine: true, isNote: true });
        this.#atStart = true;
        continue;
      }
      for (let at = 0; at < bytes.length; ) {
        const end = bytes.indexOf(LINE_FEED, at);
        const piece = bytes.subarray(at, end < 0 ? bytes.length : end + 1);
        pieces.push({ timeMs, bytes: piece, beginsLine: this.#atStart, isNote: false });
        this.#atStart = end >= 0;
        at += piece.length;
      }
    }
    return pieces;
  }
}

/** A container may write for ever without a line feed. */
const LONGEST_LINE = 64 * 1024;

/** Pieces as whole lines, without what ends them; a note is one. The last is kept until it is ended. */
export class LineJoiner {
  #pieces: LogPiece[] = [];
  #length = 0;

  add(piece: LogPiece): LogPiece[] {
    const before = piece.beginsLine ? this.end() : [];
    this.#pieces.push(piece);
    this.#length += piece.bytes.length;
    const isWhole = piece.isNote || piece.bytes.at(-1) === LINE_FEED || this.#length > LONGEST_LINE;
    return isWhole ? [...before, ...this.end()] : before;
  }

  /** What is left. */
  end(): LogPiece[] {
    const [first] = this.#pieces;
    if (!first) return [];
    const bytes = Buffer.concat(this.#pieces.map((piece) => piece.bytes));
    let end = bytes.length;
    if (bytes[end - 1] === LINE_FEED) end--;
    while (bytes[end - 1] === CARRIAGE_RETURN) end--;
    this.#pieces = [];
    this.#length = 0;
    return [{ ...first, bytes: bytes.subarray(0, end), beginsLine: true }];
  }
}

export interface Selection {
  /** Only lines that began from then on. */
  sinceMs?: number | undefined;
  /** Only so many of the last lines. */
  lines?: number | undefined;
}

/** Of whole lines, their later pieces included. The first one may lack its beginning: it is as good as a line. */
export function selectPieces(pieces: readonly LogPiece[], { sinceMs = 0, lines }: Selection): LogPiece[] {
  let isWanted = (pieces[0]?.timeMs ?? 0) >= sinceMs;
  const since = pieces.filter(({ beginsLine, timeMs }) => {
    if (beginsLine) isWanted = timeMs >= sinceMs;
    return isWanted;
  });
  if (lines === undefined) return since;
  let at = since.length;
  for (let left = lines; left > 0 && at > 0; ) if (since[--at]!.beginsLine) left--;
  return since.slice(at);
}

// The time zone in a file like /etc/localtime (tzfile(5), RFC 8536). Pure.

export interface TimeZone {
  /** Its abbreviation. */
  name: string;
  offsetSeconds: number;
}

const HEADER_BYTES = 44;

/** What holds at `now`; undefined for what is no such file. */
export function timeZoneAt(bytes: Buffer, now: Date): TimeZone | undefined {
  try {
    return read(bytes, Math.floor(now.getTime() / 1000));
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it is shorter than it says
    throw error;
  }
}

function read(bytes: Buffer, now: number): TimeZone | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'TZif') return undefined;
  const first = blockAt(bytes, 0, 4);
  // The second block has the same with longer numbers, and what holds after its last change.
  if (bytes[4] === 0) return current(bytes, first, 4, now);
  const second = blockAt(bytes, first.end, 8);
  const rule = /^\n([^\n]*)\n/.exec(bytes.toString('latin1', second.end, second.end + 256))?.[1] ?? '';
  const last = second.times === 0 ? Number.NEGATIVE_INFINITY : timeAt(bytes, second, 8, second.times - 1);
  return (now >= last ? byRule(rule, now) : undefined) ?? current(bytes, second, 8, now);
}

interface Block {
  start: number;
  times: number;
  types: number;
  end: number;
  typesAt: number;
  namesAt: number;
}

function blockAt(bytes: Buffer, header: number, size: 4 | 8): Block {
  const [utc, std, leap, times, types, chars] = [20, 24, 28, 32, 36, 40].map((at) => bytes.readUInt32BE(header + at)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const start = header + HEADER_BYTES;
  const typesAt = start + times * size + times;
  const namesAt = typesAt + types * 6;
  return { start, times, types, typesAt, namesAt, end: namesAt + chars + leap * (size + 4) + std + utc };
}

const timeAt = (bytes: Buffer, { start }: Block, size: 4 | 8, i: number): number =>
  size === 4 ? bytes.readInt32BE(start + i * 4) : Number(bytes.readBigInt64BE(start + i * 8));

function current(bytes: Buffer, block: Block, size: 4 | 8, now: number): TimeZone | undefined {
  if (block.types === 0) return undefined;
  let type = 0;
  for (let i = 0; i < block.times && timeAt(bytes, block, size, i) <= now; i++)
    type = bytes.readUInt8(block.start + block.times * size + i);
  const at = block.typesAt + type * 6;
  const nameAt = block.namesAt + bytes.readUInt8(at + 5);
  return { offsetSeconds: bytes.readInt32BE(at), name: bytes.toString('latin1', nameAt, bytes.indexOf(0, nameAt)) };
}

const NAME = '(?:[A-Za-z]+|<[^>]+>)';
const TIME = '[+-]?\\d+(?::\\d+){0,2}';
const RULE = new RegExp(`^(${NAME})(${TIME})(?:(${NAME})(${TIME})?(?:,([^,]+),([^,]+))?)?$`);

/** `CET-1CEST,M3.5.0,M10.5.0/3` (tzset(3)): west is positive there. undefined where it has other rules than months' weeks. */
function byRule(rule: string, now: number): TimeZone | undefined {
  const [, standard, west, summer, summerWest, begin, end] = RULE.exec(rule) ?? [];
  if (standard === undefined) return undefined;
  const winter = { name: standard.replace(/[<>]/g, ''), offsetSeconds: 0 - secondsOf(west!) };
  if (summer === undefined) return winter;
  const other = {
    name: summer.replace(/[<>]/g, ''),
    offsetSeconds: summerWest === undefined ? winter.offsetSeconds + 3600 : 0 - secondsOf(summerWest),
  };
  const year = new Date((now + winter.offsetSeconds) * 1000).getUTCFullYear();
  const [from, to] = [changeIn(year, begin, winter), changeIn(year, end, other)];
  if (from === undefined || to === undefined) return undefined;
  // South of the equator it lasts over the turn of the year.
  const isSummer = from < to ? now >= from && now < to : now >= from || now < to;
  return isSummer ? other : winter;
}

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[+-]/, '').split(':').map(Number);
  return (text.startsWith('-') ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds);
}

/** `M3.5.0/2`: the last Sunday of March, at two by the clock that held before. */
function changeIn(year: number, text: string | undefined, { offsetSeconds }: TimeZone): number | undefined {
  const [, month, week, day, time = '2'] = /^M(\d+)\.(\d)\.(\d)(?:\/(.+))?$/.exec(text ?? '') ?? [];
  if (month === undefined) return undefined;
  const first = new Date(Date.UTC(year, Number(month) - 1, 1)).getUTCDay();
  const days = new Date(Date.UTC(year, Number(month), 0)).getUTCDate();
  let date = 1 + ((Number(day) - first + 7) % 7) + (Number(week) - 1) * 7;
  while (date > days) date -= 7;
  return Date.UTC(year, Number(month) - 1, date) / 1000 + secondsOf(time) - offsetSeconds;
}

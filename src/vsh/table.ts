// Tables as virsh prints them: a header, a rule, rows; columns as wide as their widest cell on a terminal.

/**
 * The lines of a table, each ended by a newline; without `header` only the rows, as narrow as they allow.
 *
 * Every cell follows one blank; every cell but the last is padded to its column and two blanks more.
 */
export function formatTable(header: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const cells = [...(header ? [header] : []), ...rows].map((row) => row.map(measure));
  const widths: number[] = [];
  // Loops, for `list` of thousands of domains is one of these.
  for (const row of cells) {
    for (let column = 0; column < row.length; column++) widths[column] = Math.max(widths[column] ?? 0, row[column]!.width);
  }
  let lines = '';
  for (const row of cells) {
    const last = row.length - 1;
    for (let column = 0; column < last; column++) lines += ` ${row[column]!.text}${' '.repeat(widths[column]! + 2 - row[column]!.width)}`;
    lines += ` ${row[last]!.text}\n`;
    if (header && row === cells[0]) lines += `${'-'.repeat(widths.reduce((sum, width) => sum + width + 3, 0))}\n`;
  }
  return lines;
}

interface Cell {
  readonly text: string;
  readonly width: number;
}

/** Text of printable ASCII only: as many columns as characters. */
const PLAIN = /^[ -~]*$/;

function measure(text: string): Cell {
  return PLAIN.test(text) ? { text, width: text.length } : measureWide(text);
}

/** As it is shown on a terminal: what has no place there as an escape. */
export const shownText = (text: string): string => measure(text).text;

/** Text in so many columns: cut, or filled up with blanks. */
export function fitted(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, columns).padEnd(columns);
  let shown = '';
  let width = 0;
  for (const char of text) {
    const cell = measure(char);
    if (width + cell.width > columns) break;
    shown += cell.text;
    width += cell.width;
  }
  return shown + ' '.repeat(columns - width);
}

function measureWide(text: string): Cell {
  let shown = '';
  let width = 0;
  const utf8 = isUtf8Locale();
  for (const char of text) {
    const columns = displayColumns(char.codePointAt(0)!, utf8);
    if (columns === undefined) {
      const escapes = [...Buffer.from(char, 'utf8')].map(escapeByte).join('');
      shown += escapes;
      width += escapes.length;
    } else {
      shown += char;
      width += columns;
    }
  }
  return { text: shown, width };
}

/** `\x09`. As in libvirt every byte beyond ASCII is shown as `\xff`: it prints a signed char and keeps two digits. */
function escapeByte(byte: number): string {
  return byte < 0x80 ? `\\x${byte.toString(16).padStart(2, '0')}` : '\\xff';
}

/** In the C locale only ASCII can be printed (setlocale(3)). */
function isUtf8Locale(): boolean {
  const name = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || 'C';
  return /utf-?8/i.test(name);
}

/** How many columns of a terminal the character takes; undefined if it cannot be shown. Source: wcwidth(3), iswprint(3). */
function displayColumns(code: number, utf8: boolean): number | undefined {
  if (code < 0x7f) return code < 0x20 ? undefined : 1;
  if (!utf8 || code < 0xa0 || code === 0x2028 || code === 0x2029) return undefined;
  const char = String.fromCodePoint(code);
  if (/^[\p{Cn}\p{Cs}]$/u.test(char)) return undefined;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(char)) return code === SOFT_HYPHEN ? 1 : 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

const SOFT_HYPHEN = 0xad;

/** East Asian wide and full-width ranges, and emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

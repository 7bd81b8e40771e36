// The init file, `.virt-toprc`: a word and a value on a line each, `#` begins a comment. Pure.
import { endTimeMs } from './end-time.ts';
import { DISPLAYS, delayMs, type Settings, SORT_WORDS, sortOrder, WrongSetting } from './settings.ts';

export interface InitFile {
  settings: Partial<Settings>;
  /** Lines that mean nothing, by their numbers. */
  ignored: { line: number; word: string }[];
}

/** `file`: how messages call it. Throws WrongSetting for a value that is none. */
export function parseInitFile(text: string, file: string, now: Date): InitFile {
  const settings: Partial<Settings> = {};
  const ignored: InitFile['ignored'] = [];
  const csv: Partial<Settings['csv']> = {};
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, word = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line)!;
    const wrong = (expected: string): WrongSetting => new WrongSetting(`${file}:${i + 1}: '${value}' is no ${expected} for ${word}`);
    const required = <T>(found: T | undefined, expected: string): T => {
      if (found === undefined) throw wrong(expected);
      return found;
    };
    const yes = (): boolean => required(value === 'true' ? true : value === 'false' ? false : undefined, 'true or false');
    const whole = (): number => required(/^-?\d{1,9}$/.test(value) ? Number(value) : undefined, 'whole number');
    switch (word) {
      case 'display':
        settings.display = required(
          DISPLAYS.find((known) => known === value),
          `one of ${DISPLAYS.join(', ')}`,
        );
        break;
      case 'delay':
        settings.delayMs = delayMs(value);
        break;
      case 'hist-cpu':
        settings.historyDelayMs = whole() * 1000;
        break;
      case 'iterations':
        settings.iterations = whole() < 0 ? undefined : whole();
        break;
      case 'sort':
        settings.sort = required(sortOrder(value), `one of ${SORT_WORDS.join(', ')}`);
        break;
      case 'connect':
        settings.uri = value || undefined;
        break;
      case 'debug':
        settings.debugFile = value;
        break;
      case 'csv':
        settings.csvFile = value;
        break;
      case 'csv-cpu':
      case 'csv-mem':
      case 'csv-block':
      case 'csv-net':
        csv[word.slice('csv-'.length) as keyof Settings['csv']] = yes();
        break;
      case 'batch':
      case 'secure':
      case 'script':
      case 'stream':
      case 'json':
        settings[word] = yes();
        break;
      case 'block-in-bytes':
        settings.blockInBytes = yes();
        break;
      case 'end-time':
        settings.endTimeMs = required(endTimeMs(value, now), 'time');
        break;
      case 'overwrite-init-file':
        settings.keepsInitFile = !yes();
        break;
      default:
        ignored.push({ line: i + 1, word });
    }
  }
  if (Object.keys(csv).length > 0) settings.csv = { cpu: true, mem: true, block: true, net: true, ...csv };
  return { settings, ignored };
}

/** What `W` writes: how the program is set now. */
export function formatInitFile(settings: Settings, now: Date): string {
  const lines = [
    `# Settings of virt-top, written by its key W on ${now.toISOString().slice(0, 10)}.`,
    '',
    `display ${settings.display}`,
    `delay ${settings.delayMs / 1000}`,
    `hist-cpu ${settings.historyDelayMs / 1000}`,
  ];
  if (settings.iterations !== undefined) lines.push(`iterations ${settings.iterations}`);
  lines.push(`sort ${settings.sort}`);
  if (settings.uri !== undefined) lines.push(`connect ${settings.uri}`);
  for (const word of ['batch', 'secure'] as const) if (settings[word]) lines.push(`${word} true`);
  if (settings.blockInBytes) lines.push('block-in-bytes true');
  lines.push('', '# Keep this file from being written:', '#overwrite-init-file false', '');
  return lines.join('\n');
}

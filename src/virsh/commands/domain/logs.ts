import type { LogPiece } from '../../../driver/domain/log-pieces.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { type CommandContext, defineFollowing, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const logs = defineFollowing({
  name: 'logs',
  group: 'domain',
  summary: 'show what a domain wrote to its console',
  description:
    'Prints what the container wrote to its console, of this start and earlier ones, as far as it is kept, and how it ended. ' +
    'The domain need not run.',
  isVerbatim: true,
  options: [
    domainOption(),
    { name: 'follow', type: 'bool', help: 'go on with what is written until the container ends' },
    { name: 'lines', type: 'int', namedOnly: true, min: 0, help: 'only so many of the last lines' },
    { name: 'since', type: 'string', namedOnly: true, help: 'only lines from then on: 90s, 10m, 2h, 3d ago, a date and time, or @SECONDS' },
    { name: 'console', type: 'int', namedOnly: true, min: 0, help: 'number of the console, from 0' },
    { name: 'timestamps', type: 'bool', help: 'begin each line with the time at which it was begun' },
  ],
  async follow(context, args, tell: (piece: LogPiece) => void) {
    const { lines, console = 0 } = args;
    const sinceMs = args.since === undefined ? undefined : pastTime(args.since, Date.now());
    const { consoleLog, LineJoiner } = await import('../../../driver/domain/logs.ts');
    const domain = await domainWithLogs(context, args);
    const clean = isTerminal(1) ? (await import('../../control-characters.ts')).withoutControl : (text: Buffer) => text;
    const joiner = args.json ? new LineJoiner() : undefined;
    for (const pieces of consoleLog(context.connection, domain, { console, sinceMs, lines, follows: args.follow })) {
      for (const piece of pieces) {
        if (joiner) joiner.add(piece).forEach(tell);
        else tell({ ...piece, bytes: clean(piece.bytes) });
      }
      context.flush();
    }
    joiner?.end().forEach(tell);
  },
  text({ timeMs, bytes, beginsLine, isNote }, { timestamps }) {
    const time = `${stamp(timeMs)} `;
    if (isNote) return `${timestamps ? `${time}-- ` : `-- ${time}`}${bytes.toString('utf8')}\n`;
    return timestamps && beginsLine ? Buffer.concat([Buffer.from(time), bytes]) : bytes;
  },
  json: ({ timeMs, bytes, isNote }) => ({ time: new Date(timeMs).toISOString(), note: isNote, text: bytes.toString('utf8') }),
});

/** One that is defined or runs; or that is gone, by its name, and has left something. */
async function domainWithLogs(context: CommandContext, args: { readonly domain: string }): Promise<{ name: string }> {
  try {
    return await findDomain(context, args);
  } catch (error) {
    const { isDomainName } = await import('../../../store/paths.ts');
    const { hasLogs } = await import('../../../driver/domain/logs.ts');
    if (isDomainName(args.domain) && hasLogs(args.domain)) return { name: args.domain };
    throw error;
  }
}

/** As the domain's own log has it. */
const stamp = (timeMs: number): string => new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '+0000');

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['', 1000],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A date and time without a zone are this machine's. Throws for what is none of these. */
export function pastTime(text: string, nowMs: number): number {
  const ago = /^(\d+)([smhd]?)$/.exec(text);
  if (ago) return nowMs - Number(ago[1]) * UNIT_MS.get(ago[2]!)!;
  const epoch = /^@(\d+(?:\.\d+)?)$/.exec(text);
  if (epoch) return Number(epoch[1]) * 1000;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const parsed = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(parsed)) throw failure(`'${text}' is no time: 10m (ago), 2026-01-31 12:00, or @SECONDS`);
  return parsed;
}

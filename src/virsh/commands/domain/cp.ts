import fs from 'node:fs';
import type { CopyEnd } from '../../../driver/domain/copy.ts';
import { LibvirtError } from '../../../errors.ts';
import { isTerminal } from '../../../host/terminal.ts';
import { type CommandContext, defineCommand, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const TIMEOUT_S = 30;

export const cp = defineCommand({
  name: 'cp',
  group: 'domain',
  summary: 'copy files between a domain and the host',
  description:
    'Copies SOURCE to TARGET. DOMAIN:PATH is a path of a container, running or off, anything else one of the host; - is a tar archive, ' +
    'on standard input as SOURCE, on standard output as TARGET. A directory is copied with all that is in it.',
  isVerbatim: true,
  options: [
    { name: 'source', type: 'string', required: true, completes: 'domain-root', orFile: true, help: 'DOMAIN:PATH, path or -' },
    { name: 'target', type: 'string', required: true, completes: 'domain-root', orFile: true, help: 'DOMAIN:PATH, path or -' },
    { name: 'archive', type: 'bool', help: 'keep owners, by number, and set-user-ID and set-group-ID bits' },
    {
      name: 'timeout',
      type: 'int',
      min: 1,
      max: 86400,
      namedOnly: true,
      help: `seconds for which a file system may not answer; by default ${TIMEOUT_S}`,
    },
  ],
  async run(context, args) {
    const [source, target] = [args.source, args.target];
    const [from, to] = [await endOf(context, source), await endOf(context, target)];
    if (from.kind !== 'domain' && to.kind !== 'domain') throw failure('neither of the two is DOMAIN:PATH');
    if (from.kind === 'archive' && isTerminal(0)) throw failure('an archive is not read from a terminal');
    if (to.kind === 'archive' && isTerminal(1)) throw failure('an archive is not written to a terminal');
    const timeoutMs = (args.timeout ?? TIMEOUT_S) * 1000;
    context.flush();
    const { copyFiles } = await import('../../../driver/domain/copy.ts');
    await copyFiles(context.connection, from, to, { keepsOwners: args.archive, timeoutMs, onLeftOut: context.onWarning });
  },
});

/** What an operand means. A name of a domain may have colons: the shortest one that is known counts. */
async function endOf(context: CommandContext, text: string): Promise<CopyEnd> {
  if (text === '-') return { kind: 'archive', read: readInput, write: (bytes) => context.printBytes(bytes) };
  if (/^[/.]/.test(text) || !text.includes(':')) return { kind: 'host', path: text };
  let unknown: unknown;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    const path = text.slice(colon + 1);
    try {
      const domain = await findDomain(context, { domain: text.slice(0, colon) });
      if (path === '') throw failure(`'${text}' names no path`);
      return { kind: 'domain', domain, path };
    } catch (error) {
      if (!(error instanceof LibvirtError && error.cause instanceof LibvirtError && error.cause.code === 'NO_DOMAIN')) throw error;
      unknown ??= error;
    }
  }
  throw unknown;
}

/** At most so many bytes of standard input; none: its end. */
function readInput(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  return bytes.subarray(0, fs.readSync(0, bytes, 0, size, null));
}

// `lxc+ssh://HOST/`: the same command line, run where the containers are.

import { ENOENT } from '../../lib-native/constants.ts';
import { inContext, libvirtError, strerror } from '../errors.ts';
import { quoteForShell } from '../vsh/shell-quote.ts';
import { isTerminal } from '../vsh/terminal.ts';

/** Where a URI of ours leads to, and how. */
export interface Remote {
  /** What ssh is, and its options. */
  readonly command: string;
  readonly options: readonly string[];
  readonly host: string;
  /** The URI there. */
  readonly uri: string;
}

const PROGRAM = 'virsh-lxc';

/** Of a URI `lxc+ssh:…`. Throws INTERNAL_ERROR, as for every URI that is none, and INVALID_ARG for a parameter that is not known. */
export function remoteOf(uri: string): Remote {
  const parts = /^lxc\+ssh:\/\/(?:([^@/?#]*)@)?(\[[0-9a-fA-F:.%\w]+\]|[^@:/?#[\]]+)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(uri);
  if (!parts) throw libvirtError('INTERNAL_ERROR', `Unable to parse URI ${uri}`);
  const [, user, bracketed, port, path = '', query = ''] = parts;
  const host = decoded(bracketed!.replace(/^\[|\]$/g, ''), uri);
  const name = user === undefined ? undefined : decoded(user, uri);
  // ssh would take either for one of its options.
  if (host.startsWith('-') || name?.startsWith('-') || name === '') throw libvirtError('INTERNAL_ERROR', `Unable to parse URI ${uri}`);
  const given = parametersOf(query, uri);
  const options = [
    ...(port === undefined ? [] : ['-p', port]),
    ...(name === undefined ? [] : ['-l', name]),
    ...(given.keyfile === undefined ? [] : ['-i', given.keyfile]),
    ...(isYes(given.no_verify) ? ['-o', 'StrictHostKeyChecking=no'] : []),
    ...(isYes(given.no_tty) ? ['-o', 'BatchMode=yes'] : []),
  ];
  return { command: given.command ?? 'ssh', options, host, uri: given.name ?? `lxc://${path}` };
}

/** Of the last three nothing follows for us: they say what libvirt's clients look for there. */
const PARAMETERS = ['command', 'keyfile', 'name', 'no_verify', 'no_tty', 'mode', 'netcat', 'proxy'] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string>>;

/** Those of libvirt's that say how ssh is run. */
function parametersOf(query: string, uri: string): Parameters {
  const given: Parameters = {};
  for (const pair of query.split(/[&;]/).filter(Boolean)) {
    const [name, ...value] = pair.split('=');
    const known = PARAMETERS.find((one) => one === name);
    if (known === undefined) throw libvirtError('INVALID_ARG', `nothing is known of parameter '${name}' of a URI of lxc+ssh`);
    given[known] = decoded(value.join('='), uri);
  }
  return given;
}

const isYes = (value: string | undefined): boolean => value !== undefined && value !== '0';

function decoded(text: string, uri: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw libvirtError('INTERNAL_ERROR', `Unable to parse URI ${uri}`);
  }
}

/** A terminal there, for what is typed here; that it is gone again is no news after each command. */
const TERMINAL = ['-t', '-o', 'LogLevel=ERROR'];

/** The words with which ssh runs the command there. `terminal`: one is made there. */
export function sshWords(
  remote: Remote,
  globals: readonly string[],
  words: readonly string[],
  { terminal }: { terminal: boolean },
): string[] {
  // A later -c counts instead of an earlier one.
  const line = [PROGRAM, ...globals, '-c', remote.uri, ...words].map(quoteForShell).join(' ');
  return [...remote.options, ...(terminal ? TERMINAL : ['-T']), '--', remote.host, line];
}

/** What ssh says of itself, whatever the command would have said. */
const SSH_FAILED = 255;

/**
 * Runs the command line there; the result is its exit status. Throws OPERATION_FAILED where it cannot be had. `leavesInput`: what comes
 * by standard input is not for this command.
 */
export async function runThere(
  remote: Remote,
  globals: readonly string[],
  words: readonly string[],
  { leavesInput = false } = {},
): Promise<number> {
  const { execa } = await import('execa');
  const terminal = isTerminal(0) && isTerminal(1);
  const options = { stdio: [leavesInput && !terminal ? 'ignore' : 'inherit', 'inherit', 'inherit'], reject: false } as const;
  const { exitCode, code } = await execa(remote.command, sshWords(remote, globals, words, { terminal }), options);
  if (exitCode === SSH_FAILED) throw unreachable(`no connection to '${remote.host}' by ssh`);
  if (code !== undefined) throw unreachable(`cannot execute binary ${remote.command}: ${code === 'ENOENT' ? strerror(ENOENT) : code}`);
  return exitCode ?? 1; // a signal ended it
}

const unreachable = (message: string) => inContext('failed to connect to the hypervisor', libvirtError('OPERATION_FAILED', message));

import { readFileSync } from 'node:fs';
import { errnoCode, systemError, withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, failure } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

/** `add` is short for the last place. */
const COMMANDS = { add: 'add-last', 'add-last': 'add-last', 'add-first': 'add-first', delete: 'delete', modify: 'modify' } as const;

/** The sections that can be changed. */
const CHANGEABLE = ['ip-dhcp-host', 'ip-dhcp-range', 'forward-interface', 'portgroup', 'dns-host', 'dns-txt', 'dns-srv'];

const isCommand = (word: string): word is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, word);

export const netUpdate = defineCommand({
  name: 'net-update',
  group: 'network',
  summary: 'change a part of a network',
  description:
    'Adds an entry to a section of a network, deletes it or replaces it. Sections that can be changed are ip-dhcp-host, ' +
    'ip-dhcp-range, forward-interface, portgroup, dns-host, dns-txt and dns-srv. An active network has the change at once.',
  options: [
    networkOption(),
    {
      name: 'command',
      type: 'string',
      required: true,
      completes: Object.keys(COMMANDS),
      help: 'what to do: add (or add-last), add-first, delete, modify',
    },
    { name: 'section', type: 'string', required: true, completes: CHANGEABLE, help: 'which part of the configuration' },
    { name: 'xml', type: 'string', required: true, completes: 'file', help: 'the entry: XML, or the name of a file with it' },
    { name: 'parent-index', type: 'int', help: 'which <ip> element, counted from 0' },
    ...configLiveCurrent('network'),
  ],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    const found = await findNetworkOperand(context, args);
    const word = args.command;
    if (!isCommand(word)) throw failure(`unrecognized command name '${word}'`);
    const { UPDATE_SECTIONS, changeNetwork } = await import('../../../driver/network/update.ts');
    const section = UPDATE_SECTIONS.find((candidate) => candidate === args.section);
    if (section === undefined) throw failure(`unrecognized section name '${args.section}'`);
    const parentIndex = args['parent-index'] ?? -1;
    const xml = args.xml.startsWith('<') ? args.xml : readEntry(args.xml);
    const { networkInfo } = await import('../../../driver/network/lookup.ts');
    const { active, name } = networkInfo(context.connection, found);
    await withContext(`Failed to update network ${name}`, () =>
      changeNetwork(
        context.connection,
        found,
        { command: COMMANDS[word], section, parentIndex, xml },
        { live: args.live, config: args.config },
      ),
    );
    context.print(`Updated network ${name} ${affected(args, active)}`);
  },
});

function affected({ live, config }: { readonly live: boolean; readonly config: boolean }, active: boolean): string {
  if (config && live) return 'persistent config and live state';
  if (config || (!live && !active)) return 'persistent config';
  return 'live state';
}

function readEntry(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw systemError(`Failed to ${errnoCode(error) === 'EISDIR' ? 'read' : 'open'} file '${file}'`, error);
  }
}

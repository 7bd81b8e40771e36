// What virsh itself finds wrong with the values of commands that the driver then refuses.

import { inContext, libvirtError } from '../../../errors.ts';
import { parseScaled } from '../../../vsh/scaled.ts';
import { failure } from '../../command.ts';
import { descriptors as parseDescriptors } from '../domain/descriptors.ts';
import { type Outcome, says, when } from './outcomes.ts';

/** --bandwidth: any 64-bit number, or a size. */
export function bandwidth(): Outcome {
  return {
    apply({ args }) {
      const text = args['bandwidth'];
      if (typeof text !== 'string' || /^\s*-\d+$/.test(text)) return undefined;
      const malformed = `Scaled numeric value '${text}' for <--bandwidth> option is malformed or out of range`;
      let bytes: bigint | undefined;
      try {
        bytes = parseScaled(text, 1n);
      } catch (error) {
        throw inContext(malformed, error);
      }
      if (bytes === undefined) throw failure(malformed);
      return undefined;
    },
  };
}

const CPU_LIST = /^\s*\^?\d+(-\d+)?(\s*,\s*\^?\d+(-\d+)?)*\s*$/;

/** `0-3,^2`, or `r` for all. */
export function cpuList(option: string): Outcome {
  return {
    apply({ args }) {
      const text = args[option];
      if (typeof text !== 'string' || text === 'r' || CPU_LIST.test(text)) return undefined;
      throw inContext(`Invalid cpulist '${text}'`, libvirtError('INVALID_ARG', `Failed to parse bitmap '${text}'`));
    },
  };
}

/** The names of sets of key codes. Key names of Linux are known by their form. */
const CODE_SETS = 'linux xt atset1 atset2 atset3 os_x xt_kbd usb win32 qnum'.split(' ');
const MAX_KEY_CODE = 0xffff;

export function keys(): Outcome {
  const codeset = (args: Readonly<Record<string, unknown>>) => String(args['codeset'] ?? 'linux');
  return {
    apply({ args }) {
      if (!CODE_SETS.includes(codeset(args))) throw failure(`unknown codeset: '${codeset(args)}'`);
      const known = codeset(args) === 'linux' ? /^KEY_[A-Z0-9_]+$/ : codeset(args) === 'win32' ? /^VK_[A-Z0-9_]+$/ : /^$(?!)/;
      const isCode = (word: string) => /^(\d+|0x[0-9a-fA-F]+)$/.test(word) && Number(word) <= MAX_KEY_CODE;
      const wrong = (args['keycode'] as unknown as readonly string[]).find((word) => !known.test(word) && !isCode(word));
      if (wrong !== undefined) throw failure(`invalid keycode: '${wrong}'`);
      return undefined;
    },
  };
}

/** `N,M,...`: at least one. */
export function descriptors(option: string): Outcome {
  return when(({ args }) => parseDescriptors(String(args[option])).length === 0, says('nfds in virDomainFDAssociate must not be zero'));
}

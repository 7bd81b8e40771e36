// --mode of shutdown and reboot.

import type { StopMode } from '../../../container/init.ts';
import { failure } from '../../command.ts';

const STOP_MODES: readonly StopMode[] = ['acpi', 'agent', 'initctl', 'signal', 'paravirt'];

/** `--mode A,B`; `expected` ends the sentence about an unknown one. */
export function stopModes(text: string | undefined, expected: string): StopMode[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => {
    const mode = STOP_MODES.find((candidate) => candidate === word);
    if (!mode) throw failure(`Unknown mode ${word} value, expecting ${expected}`);
    return mode;
  });
}

export const MODE_OPTION = {
  name: 'mode',
  type: 'string',
  completes: STOP_MODES,
  joined: true,
  help: 'how to ask, joined by commas: initctl, signal (acpi, agent and paravirt are refused)',
} as const;

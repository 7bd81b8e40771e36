// `--print-xml` of commands that containers do not have.

import { blockcopyDocument, checkpointDocument, type DocumentOptions, snapshotDocument } from '../../documents.ts';
import { readDescription } from '../files.ts';
import type { Outcome } from './outcomes.ts';

/** Makes the document, which complains of what it cannot read, and prints it if that is asked for. */
function document(make: (options: DocumentOptions) => string): Outcome {
  return {
    apply({ context, args }) {
      const text = make(args);
      if (!args['print-xml']) return undefined;
      context.print(text);
      return true;
    },
  };
}

export const printsSnapshot = (): Outcome => document(snapshotDocument);
export const printsCheckpoint = (): Outcome => document(checkpointDocument);
/** Of the copy, or what was given for it. */
export const printsCopy = (): Outcome =>
  document((options) => (typeof options['xml'] === 'string' ? readDescription(options['xml']) : blockcopyDocument(options)));

// Sees the keys before node:readline's editor does, to add what readline(3) has and node:readline lacks.

import type { Interface, Key } from 'node:readline';

/** What node:readline calls for each key, and what shows the line anew; these are its own for as long as it has existed. */
export interface KeyEditor {
  line: string;
  cursor: number;
  setPrompt(prompt: string): void;
  _ttyWrite(text: string | undefined, key: Key): void;
  _refreshLine(): void;
}

export const keyEditor = (reader: Interface): KeyEditor => reader as unknown as KeyEditor;

/**
 * A Tab is a key when it comes last, and text when more comes with it: that was pasted, and would lose it. Several at once are keys
 * as one or two are: complete, then show what there is where nothing could be. (node:readline knows this of the first line only.)
 */
export function tellTabsFromText(editor: KeyEditor): void {
  const edit = editor._ttyWrite.bind(editor);
  const held: Key[] = [];
  const complete = () => {
    for (const key of held.splice(0).slice(0, 2)) edit('\t', key);
  };
  editor._ttyWrite = (text, key) => {
    if (key.name === 'tab' && !key.shift) {
      // What came in one piece is read in this turn of the event loop.
      if (held.push(key) === 1) setImmediate(complete);
      return;
    }
    for (const _ of held.splice(0)) edit('\t', {});
    edit(text, key);
  };
}

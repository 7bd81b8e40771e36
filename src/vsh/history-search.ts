// Ctrl-R at the prompt: looks for a line of the history by a part of it, as readline does. node:readline has no such thing.

import type { KeyEditor } from './editor-keys.ts';

interface Search {
  readonly text: string;
  /** Index in the history of the line that is shown, if one was found. */
  readonly at: number;
  readonly failed: boolean;
}

/** `history` is newest first. */
export function addHistorySearch(editor: KeyEditor, prompt: string, history: readonly string[]): void {
  const editLine = editor._ttyWrite.bind(editor);
  let search: Search | undefined;
  let before = { line: '', cursor: 0 };

  const show = (shown: string, line: string, cursor: number) => {
    editor.setPrompt(shown);
    Object.assign(editor, { line, cursor });
    editor._refreshLine();
  };
  const look = (text: string, from: number) => {
    const found = text === '' ? -1 : history.findIndex((line, at) => at >= from && line.includes(text));
    const failed = text !== '' && found < 0;
    const at = found < 0 ? (search?.at ?? -1) : found;
    search = { text, at, failed };
    const line = history[at] ?? before.line;
    show(`(${failed ? 'failed ' : ''}reverse-i-search)\`${text}': `, line, Math.max(0, line.indexOf(text)));
  };
  const end = (line: string, cursor: number) => {
    search = undefined;
    show(prompt, line, cursor);
  };

  editor._ttyWrite = (text, key) => {
    const isSearchKey = key.ctrl === true && key.name === 'r';
    if (!search) {
      if (!isSearchKey) return editLine(text, key);
      before = { line: editor.line, cursor: editor.cursor };
      return look('', 0);
    }
    if (isSearchKey) return look(search.text, search.at + 1);
    if (key.ctrl && key.name === 'g') return end(before.line, before.cursor);
    if (key.name === 'backspace') return look(search.text.slice(0, -1), 0);
    if (text !== undefined && !key.ctrl && !key.meta && text >= ' ' && text !== '\x7f')
      return look(search.text + text, Math.max(0, search.at));
    end(editor.line, editor.cursor);
    if (key.name !== 'escape') editLine(text, key);
  };
}

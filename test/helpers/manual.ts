// What the manual page tells its readers to type.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './requires.ts';

/** An example of the page: one block of it, of the section and subsection that it stands in. */
export interface Example {
  readonly title: string;
  /** As it is read. */
  readonly text: string;
  /** The same, with what is in italics between \x0e and \x0f: what is another with every reader. */
  readonly marked: string;
}

/** All example blocks of a page, in its order. */
export function allExamples(page = 'virsh-lxc.1'): Example[] {
  const source = fs.readFileSync(path.join(ROOT, 'man', page), 'utf8');
  return source.split(/^\.S[HS] /m).flatMap((section) => {
    const title = readable(section.split('\n', 1)[0]!.replaceAll('"', ''));
    return [...section.matchAll(/^\.EX\n([\s\S]*?)^\.EE$/gm)].map(([, block]) => ({
      title,
      text: readable(block!.replaceAll(/\\f[IBPR]/g, '')),
      marked: readable(block!.replaceAll('\\fI', '\x0e').replaceAll('\\fP', '\x0f')),
    }));
  });
}

/** The text of the example blocks below the section or subsection `title`, as it is read. */
export function manualExamples(title: string): string[] {
  const found = allExamples().filter((example) => example.title === title);
  if (found.length === 0) throw new Error(`no example called '${title}'`);
  return found.map(({ text }) => text);
}

const SIGNS: Readonly<Record<string, string>> = {
  '\\(aq': "'",
  '\\(dq': '"',
  '\\(ti': '~',
  '\\(ha': '^',
  '\\-': '-',
  '\\&': '',
  '\\e': '\\',
};

const readable = (roff: string): string => roff.replaceAll(/\\\(\w\w|\\[-&e]/g, (sign) => SIGNS[sign] ?? sign);

// What the manual page tells its readers to type.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './requires.ts';

/** The text of the example blocks below the subsection `title` of EXAMPLES, as it is read. */
export function manualExamples(title: string): string[] {
  const page = fs.readFileSync(path.join(ROOT, 'man/virsh-lxc.1'), 'utf8');
  const section = page.split('\n.SH EXAMPLES\n')[1]!.split('\n.SH ')[0]!;
  const subsection = section.split(/^\.SS /m).find((text) => text.startsWith(`${title}\n`));
  if (subsection === undefined) throw new Error(`no example called '${title}'`);
  return [...subsection.matchAll(/^\.EX\n([\s\S]*?)^\.EE$/gm)].map(([, block]) => readable(block!));
}

const readable = (roff: string): string =>
  roff.replaceAll('\\(aq', "'").replaceAll('\\(dq', '"').replaceAll('\\-', '-').replaceAll('\\e', '\\');

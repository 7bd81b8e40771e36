// What the manual page tells its readers to type.
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
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

export interface Step {
  /** The command, and what continues it. */
  readonly lines: readonly string[];
  /** What the page shows; undefined where it shows no answers. */
  readonly answer: string | undefined;
  /** The next thing typed asks for the status. */
  readonly statusIsShown: boolean;
}

/** A block with prompts is a session, any other is what is typed. */
export function stepsOf(marked: string): Step[] {
  const lines = marked.replace(/\n$/, '').split('\n');
  if (!lines[0]!.startsWith('# ')) return scriptOf(lines).map((typed) => ({ lines: typed, answer: undefined, statusIsShown: false }));
  const steps: { lines: string[]; answer: string[] }[] = [];
  for (const line of lines) {
    const last = steps.at(-1);
    if (line.startsWith('# ')) steps.push({ lines: [line.slice(2)], answer: [] });
    else if (line.startsWith('> ') && last!.answer.length === 0) last!.lines.push(line.slice(2));
    else last!.answer.push(line);
  }
  return steps.map((step, i) => ({
    lines: step.lines,
    answer: step.answer.join('\n').trim(),
    statusIsShown: steps[i + 1]?.lines[0] === 'echo $?',
  }));
}

/** Lines of a script by command: a loop and a text for standard input are one each. */
function scriptOf(lines: readonly string[]): string[][] {
  const commands: string[][] = [];
  let until: RegExp | undefined;
  for (const line of lines) {
    if (until === undefined) commands.push([line]);
    else commands.at(-1)!.push(line);
    if (until?.test(line)) until = undefined;
    else if (until === undefined) {
      if (/<<'END'$/.test(line)) until = /^END$/;
      else if (/; do$/.test(line)) until = /^done$/;
      else if (line.endsWith('\\')) until = /[^\\]$/;
    }
  }
  return commands;
}

/**
 * What an answer must be like: what is in italics is a number where it is one here, `...` any lines, otherwise anything in a line. A
 * table that has such columns is as wide as these make it.
 */
export function patternOf(marked: string): RegExp {
  const parts = marked.split(/\x0e(.*?)\x0f/s);
  const varies = parts.length > 1;
  const pattern = parts.map((part, i) => {
    if (i % 2 === 1) return /^\d+$/.test(part) ? '\\d+' : part === '...' ? '[^]*?' : '.+?';
    const text = part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    return varies
      ? text
          .replaceAll(/(?<=\n) +/g, ' *')
          .replaceAll(/(?<! |^|\n) {2,}(?!\*)/g, ' +')
          .replaceAll(/-{8,}/g, '-+')
      : text;
  });
  return new RegExp(`^${pattern.join('').trim()}$`);
}

/**
 * Types an example where there is no terminal: a script as a whole, a session line by line. `run` gives the output of what must succeed.
 * This process is heard in between.
 */
export async function follow(example: Example, run: (script: string) => string): Promise<void> {
  const steps = stepsOf(example.marked);
  if (steps[0]?.answer === undefined) run(`set -e\n${example.text}`);
  else
    for (const { lines, answer } of steps) {
      expect(run(lines.join('\n')).trim(), lines[0]).toMatch(patternOf(answer!));
      await setImmediate();
    }
  await setImmediate();
}

// Documents are put together and taken apart in src/xml/, and by what mirrors a formatter (facts.ts).
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const SRC = path.resolve(import.meta.dirname, '../../../src');
const ELSEWHERE = fs
  .readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('xml/') && path.basename(file) !== 'facts.ts')
  // Tells a person what to write.
  .filter((file) => file !== 'container/host-root.ts');

/** End tags, comments, references: no message of ours has any. */
const MARKS = /<\/|<!--|&(?:amp|lt|gt|quot|apos|#\d+);/;

it('no other file writes tags or references', () => {
  const code = (file: string): string => fs.readFileSync(path.join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  expect(ELSEWHERE.length).toBeGreaterThan(100);
  expect(ELSEWHERE.filter((file) => MARKS.test(code(file)))).toEqual([]);
});

/** The parts of a list with commas between them; two in a row are one of a part's own (virsh(1), echo --split). */
export function splitAtCommas(word: string): string[] {
  const parts = word === '' ? [] : [''];
  for (const piece of word.match(/,,|,|[^,]+/g) ?? []) {
    if (piece === ',') parts.push('');
    else parts[parts.length - 1] += piece === ',,' ? ',' : piece;
  }
  return parts;
}

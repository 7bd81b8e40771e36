/** The word quoted for a shell, if it needs quotes. */
export function quoteForShell(word: string): string {
  return word !== '' && !/[\r\t\n !"#$&'()*;<>?[\\\]^`{|}~]/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

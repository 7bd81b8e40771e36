/** The word as a shell would have to be given it: in apostrophes where it needs them. */
export function quoteForShell(word: string): string {
  return word !== '' && !/[\r\t\n !"#$&'()*;<>?[\\\]^`{|}~]/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// What is used of yargs, which comes without types.
declare module 'yargs' {
  interface OptionDefinition {
    type: 'boolean' | 'string';
    alias?: string;
    requiresArg?: boolean;
    describe: string;
  }

  interface Parser {
    scriptName(name: string): Parser;
    usage(text: string): Parser;
    locale(name: string): Parser;
    parserConfiguration(configuration: Readonly<Record<string, boolean>>): Parser;
    option(name: string, definition: OptionDefinition): Parser;
    help(option: string): Parser;
    version(option: false): Parser;
    wrap(columns: number | null): Parser;
    strict(): Parser;
    exitProcess(exits: boolean): Parser;
    fail(told: (message: string | undefined, error: Error | undefined) => void): Parser;
    parse(argv: readonly string[], context: object, told: (error: unknown, given: unknown, text: string) => void): unknown;
  }

  export default function yargs(argv: readonly string[]): Parser;
}

// The program as it is compiled: from its words to its exit status.
import process from 'node:process';
import { main } from './main.ts';

process.exit(await main(process.argv.slice(2)));

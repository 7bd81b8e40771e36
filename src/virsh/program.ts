// The program as it is compiled: from its words to its exit status.
import process from 'node:process';
import { forgetLauncher } from '../../lib-native/runtime.ts';
import { main } from './main.ts';

forgetLauncher();
process.exit(await main(process.argv.slice(2)));

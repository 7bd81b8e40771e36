import { complete } from './complete.ts';
import { connect } from './connect.ts';
import { cd, pwd } from './directory.ts';
import { echo } from './echo.ts';
import { help } from './help.ts';
import { exit, quit } from './quit.ts';
import { selfTest } from './self-test.ts';

export const virshCommands = [cd, echo, exit, help, pwd, quit, connect, selfTest, complete];

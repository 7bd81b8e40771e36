// virt-top: what containers use, on a screen, or written down for other programs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openConnection, requireStore } from '../driver/connection.ts';
import { asLibvirtError, systemError } from '../errors.ts';
import { Output, writeFully } from '../vsh/output.ts';
import { Collector, hostOf } from './collect.ts';
import { type InitFile, parseInitFile } from './init-file.ts';
import { type CommandLine, readCommandLine } from './options.ts';
import { csvHeading, csvRecord, jsonRecord, streamText } from './records.ts';
import { DEFAULT_SETTINGS, type Settings, WrongSetting } from './settings.ts';
import type { Slice } from './slice.ts';
import { hasScreen } from './terminal.ts';
import { Ticks } from './ticks.ts';

/** As getopt's programs, and OCaml's. */
const MISUSE_STATUS = 2;
const INIT_FILE = '.virt-toprc';

/** Runs `virt-top ARGV...`; the result is the exit status. `version`: of this program. Never throws. */
export async function runVirtTop(argv: readonly string[], version: string): Promise<number> {
  const output = await Output.open();
  try {
    const line = await readCommandLine(argv, new Date());
    if (line.help !== undefined || line.version) {
      output.print(line.help === undefined ? `virt-top ${version} (virsh-lxc)\n` : `${line.help}\n`);
      output.flush();
      return 0;
    }
    await run(settingsOf(line, output), output, version);
    return 0;
  } catch (error) {
    if (error instanceof WrongSetting) {
      writeFully(2, Buffer.from(`virt-top: ${error.message}\nvirt-top: --help lists the options\n`));
      return MISUSE_STATUS;
    }
    output.error(asLibvirtError(error).message.trim());
    return 1;
  }
}

/** The command line has the last word. */
function settingsOf({ settings, initFile }: CommandLine, output: Output): Settings {
  const file = initFile === false ? undefined : (initFile ?? path.join(process.env['HOME'] || '/', INIT_FILE));
  const found = file === undefined ? undefined : readInitFile(file, output);
  return { ...DEFAULT_SETTINGS, ...found?.settings, ...settings, initFile: file };
}

/** One that somebody else could have written is not read: what it says is done, files are written. */
function readInitFile(file: string, output: Output): InitFile | undefined {
  let text: string;
  try {
    const { uid, mode } = fs.statSync(file);
    if ((uid !== 0 && uid !== process.getuid?.()) || (mode & 0o022) !== 0) {
      output.warning(`${file} is not read: others than its reader may write it`);
      return undefined;
    }
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return undefined; // there need not be one
  }
  const found = parseInitFile(text, file, new Date());
  for (const { line, word } of found.ignored) output.warning(`${file}:${line}: '${word}' means nothing here`);
  return found;
}

async function run(settings: Settings, output: Output, version: string): Promise<void> {
  const connection = openConnection(settings.uri, { readonly: true });
  await requireStore(connection);
  const collector = new Collector(connection, hostOf(connection, os.hostname()));
  using records = openRecords(settings, collector, output);
  const { script, stream, json } = settings;
  if (!script && !stream && !json && hasScreen()) {
    const { runScreen } = await import('./run-screen.ts');
    await runScreen({ settings, collector, version, onSlice: records.write });
    return;
  }
  const plain = script || stream || json ? undefined : (await import('./run-screen.ts')).plainScreen;
  for (const ticks = new Ticks(settings); ; ) {
    const slice = await collector.look(settings);
    records.write(slice);
    if (plain) output.print(plain(slice, settings, collector.host));
    output.flush();
    const pauseMs = ticks.pauseMs(slice);
    if (pauseMs === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (ticks.isOver) return;
  }
}

interface Records extends Disposable {
  write(slice: Slice): void;
}

/** What is written of each look, and where to. */
function openRecords(settings: Settings, { host }: Collector, output: Output): Records {
  const { csvFile, debugFile, stream, json, blockInBytes } = settings;
  const csv = csvFile === undefined ? undefined : openFile(csvFile);
  const debug = debugFile === undefined ? undefined : openFile(debugFile);
  if (csv !== undefined) writeFully(csv, Buffer.from(csvHeading(settings)));
  return {
    write(slice) {
      if (csv !== undefined) writeFully(csv, Buffer.from(csvRecord(slice, host, settings)));
      if (debug !== undefined) writeFully(debug, Buffer.from(`${slice.time.toISOString()} ${slice.totals.count} domains\n`));
      if (stream) output.print(streamText(slice, host, blockInBytes));
      if (json) output.print(jsonRecord(slice, host));
    },
    [Symbol.dispose]() {
      for (const fd of [csv, debug]) if (fd !== undefined) fs.closeSync(fd);
    },
  };
}

function openFile(file: string): number {
  try {
    return fs.openSync(file, 'w', 0o644);
  } catch (error) {
    throw systemError(`Failed to open file '${file}'`, error);
  }
}

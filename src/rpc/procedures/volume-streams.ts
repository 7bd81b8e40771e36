// vol-upload and vol-download.

import type { Connection } from '../../driver/connection.ts';
import { onlyFlags } from '../flags.ts';
import { type Context, call, callsOf, type Procedure } from '../procedure.ts';
import { Download, Upload, type VolumePart } from '../volume-stream.ts';
import { nothing, struct, uhyper, uint, type ValueOf } from '../xdr.ts';
import { requireNewStream } from './new-stream.ts';
import { volume, volumeOf } from './storage.ts';

const SPARSE = 1;

const part = struct({ volume, offset: uhyper, length: uhyper, flags: uint });

async function open(connection: Connection, asked: ValueOf<typeof part>, context: Context, write: boolean) {
  const { volume: one, offset, length, flags } = asked;
  requireNewStream(context);
  onlyFlags(flags, SPARSE, write ? 'storageVolUpload' : 'storageVolDownload');
  const { openVolume } = await import('../../driver/storage/volumes.ts');
  const fd = openVolume(connection, await volumeOf(connection, one), { write });
  const wanted: VolumePart = { offset, length, sparse: (flags & SPARSE) !== 0 };
  return { fd, wanted };
}

export const volumeStreamProcedures: Readonly<Record<number, Procedure>> = callsOf('storage', {
  208: call(part, nothing, async (connection, asked, context: Context) => {
    const { fd, wanted } = await open(connection, asked, context, true);
    new Upload(context.client, context.header, fd, wanted);
  }),
  209: call(part, nothing, async (connection, asked, context: Context) => {
    const { fd, wanted } = await open(connection, asked, context, false);
    new Download(context.client, context.header, fd, wanted);
  }),
});

// vol-upload and vol-download.

import type { Connection } from '../../driver/connection.ts';
import { onlyFlags } from '../flags.ts';
import { type Context, call, callsOf, type Procedure } from '../procedure.ts';
import { Download, Upload, type VolumePart } from '../volume-stream.ts';
import { nothing, struct, uhyper, uint, type ValueOf } from '../xdr.ts';
import { volume, volumeOf } from './storage.ts';

const SPARSE = 1;

const part = struct({ volume, offset: uhyper, length: uhyper, flags: uint });

async function open(connection: Connection, { volume: one, offset, length, flags }: ValueOf<typeof part>, write: boolean) {
  onlyFlags(flags, SPARSE, write ? 'storageVolUpload' : 'storageVolDownload');
  const { openVolume } = await import('../../driver/storage/volumes.ts');
  const fd = openVolume(connection, await volumeOf(connection, one), { write });
  const wanted: VolumePart = { offset, length, sparse: (flags & SPARSE) !== 0 };
  return { fd, wanted };
}

export const volumeStreamProcedures: Readonly<Record<number, Procedure>> = callsOf('storage', {
  208: call(part, nothing, async (connection, asked, { client, header }: Context) => {
    const { fd, wanted } = await open(connection, asked, true);
    new Upload(client, header, fd, wanted);
  }),
  209: call(part, nothing, async (connection, asked, { client, header }: Context) => {
    const { fd, wanted } = await open(connection, asked, false);
    new Download(client, header, fd, wanted);
  }),
});

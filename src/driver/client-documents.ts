// What virsh makes of the words of a command without asking a driver: documents, and what stands in them.

export { splitAtCommas } from '../values/comma-list.ts';
export { blockcopyDocument, checkpointDocument, type DocumentOptions, poolDocument, snapshotDocument } from '../virsh/documents.ts';
export { escapeXml } from '../xml/escape.ts';

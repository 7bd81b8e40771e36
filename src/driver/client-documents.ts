// What virsh makes of the words of a command without asking a driver: documents, and what stands in them.
export { blockcopyDocument, checkpointDocument, type DocumentOptions, poolDocument, snapshotDocument } from '../domain/client-documents.ts';
export { splitAtCommas } from '../domain/comma-list.ts';
export { escapeXml } from '../domain/xml/escape.ts';

import { netCreate, netDefine, netUndefine } from './define.ts';
import { netDesc } from './desc.ts';
import { netDhcpLeases } from './dhcp-leases.ts';
import { netDumpxml } from './dumpxml.ts';
import { netEdit } from './edit.ts';
import { netEvent } from './event.ts';
import { netInfo, netName, netUuid } from './info.ts';
import { netList } from './list.ts';
import { netMetadata } from './metadata.ts';
import { netPortCreate, netPortDelete, netPortDumpxml, netPortList } from './ports.ts';
import { netAutostart, netDestroy, netStart } from './start.ts';
import { netUpdate } from './update.ts';

/** In the order of `help network`. */
export const networkCommands = [
  netAutostart,
  netCreate,
  netDefine,
  netDesc,
  netDestroy,
  netDhcpLeases,
  netDumpxml,
  netEdit,
  netEvent,
  netInfo,
  netList,
  netMetadata,
  netName,
  netStart,
  netUndefine,
  netUpdate,
  netUuid,
  netPortList,
  netPortCreate,
  netPortDumpxml,
  netPortDelete,
];

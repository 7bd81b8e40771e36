import { domblklist, domiflist } from './devices.ts';
import { domblkinfo } from './domblkinfo.ts';
import { dominfo } from './dominfo.ts';
import { domstate } from './domstate.ts';
import { domstats } from './domstats.ts';
import { domifaddr, domifGetlink, domifstat } from './interfaces.ts';
import { list } from './list.ts';
import { metrics } from './metrics.ts';
import { domblkstat, dommemstat } from './statistics.ts';

/** In the order of `help monitor`. */
export const monitorCommands = [
  domblkinfo,
  domblklist,
  domblkstat,
  domifGetlink,
  domifaddr,
  domiflist,
  domifstat,
  dominfo,
  dommemstat,
  domstate,
  domstats,
  list,
  metrics,
];

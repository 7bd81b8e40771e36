import { domblklist, domiflist } from './devices.ts';
import { domblkinfo } from './domblkinfo.ts';
import { dominfo } from './dominfo.ts';
import { domstate } from './domstate.ts';
import { domstats } from './domstats.ts';
import { domtime } from './domtime.ts';
import { domblkerror, domcontrol } from './health.ts';
import { domifaddr, domifGetlink, domifstat } from './interfaces.ts';
import { list } from './list.ts';
import { metrics } from './metrics.ts';
import { domblkstat, dommemstat } from './statistics.ts';

/** In the order of `help monitor`. */
export const monitorCommands = [
  domblkerror,
  domblkinfo,
  domblklist,
  domblkstat,
  domcontrol,
  domifGetlink,
  domifaddr,
  domiflist,
  domifstat,
  dominfo,
  dommemstat,
  domstate,
  domstats,
  domtime,
  list,
  metrics,
];

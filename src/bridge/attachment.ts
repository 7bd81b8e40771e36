// What an interface of a domain gets of a network.

import type { ActualInterface, InterfaceDevice } from '../domain/definition.ts';

/** What an interface of type `network` gets from it. */
export interface NetworkAttachment {
  portid: string;
  actual: ActualInterface;
  /** Of the whole network. */
  mtu?: number;
}

export interface PrepareOptions {
  /** Takes a port of a virtual network. What it took is given back by the caller, in failure too. */
  resolveNetwork?: (network: string, device: InterfaceDevice) => NetworkAttachment;
}

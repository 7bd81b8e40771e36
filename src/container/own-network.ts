// The network of a container that starts: ports of virtual networks and names of links, taken before it is there, moved into it
// when it is. Loaded only for those that have one: all that virtual networks need comes with it.
import { releaseOldPorts, TakenPorts } from '../bridge/ports.ts';
import { releasePorts } from '../bridge/release.ts';
import type { DomainDefinition, InterfaceDevice } from '../domain/definition.ts';
import type { Controller } from './launch.ts';
import { moveInterfaces, type PreparedNetwork, prepareInterfaces, releaseInterfaces } from './network.ts';

/** A child that is gone has had its failure told by then. */
const CHILD_FAILURE_MS = 100;

/** Everything is given back with it, unless it is kept. */
export class OwnNetwork implements Disposable {
  readonly #uuid: string;
  readonly #ports: TakenPorts | undefined;
  readonly #prepared: PreparedNetwork;
  #isKept = false;

  /** Throws as prepareInterfaces() does; nothing is taken then. */
  constructor(definition: DomainDefinition) {
    this.#uuid = definition.uuid;
    this.#ports = portsFor(definition);
    try {
      this.#prepared = prepareInterfaces(definition, this.#ports);
    } catch (error) {
      this.#ports?.[Symbol.dispose]();
      throw error;
    }
  }

  /** As they are while the domain runs. */
  get interfaces(): InterfaceDevice[] {
    return this.#prepared.interfaces;
  }

  /** Throws what the child has failed of rather than that it has no network any more. */
  moveInto(initPid: number, controller: Controller): void {
    try {
      moveInterfaces(this.#prepared.links, initPid, { loopback: true });
    } catch (error) {
      throw controller.failureWithin(CHILD_FAILURE_MS) ?? error;
    }
  }

  /** The domain has it now: its end gives it back. */
  keep(): void {
    this.#isKept = true;
    this.#ports?.keep();
  }

  [Symbol.dispose](): void {
    if (this.#isKept) return;
    try {
      releaseInterfaces(this.#uuid, this.#prepared.interfaces);
    } finally {
      this.#ports?.[Symbol.dispose]();
    }
  }
}

function portsFor(definition: DomainDefinition): TakenPorts | undefined {
  if (!definition.devices.interfaces.some(({ type }) => type === 'network')) return undefined;
  releaseOldPorts(definition);
  return new TakenPorts(definition);
}

/** Gives back what a container had that has ended. */
export function releaseNetwork({ uuid, devices: { interfaces } }: DomainDefinition): void {
  releaseInterfaces(uuid, interfaces);
  if (interfaces.some(({ portid }) => portid !== undefined)) releasePorts(interfaces);
}

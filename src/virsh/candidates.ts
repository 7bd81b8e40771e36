// Lists what a command line can name, by kind (OptionDefinition.completes).

import type { Connection } from '../driver/connection.ts';
import type { DomainSummary } from '../driver/domain/lookup.ts';
import type { NetworkSummary } from '../driver/network/lookup.ts';
import type { PoolSummary } from '../driver/storage/pools.ts';
import type { CandidateKind, DomainKind, GivenValues, NetworkKind, PoolKind } from './command.ts';

const DOMAINS: Readonly<Record<DomainKind, (domain: DomainSummary) => boolean>> = {
  domain: () => true,
  'active-domain': ({ state }) => state !== 'shut off',
  'running-domain': ({ state }) => state === 'running',
  'paused-domain': ({ state }) => state === 'paused',
  'inactive-domain': ({ state }) => state === 'shut off',
  'persistent-domain': ({ persistent }) => persistent,
};

const NETWORKS: Readonly<Record<NetworkKind, (network: NetworkSummary) => boolean>> = {
  network: () => true,
  'active-network': ({ active }) => active,
  'inactive-network': ({ active }) => !active,
  'persistent-network': ({ persistent }) => persistent,
};

const POOLS: Readonly<Record<PoolKind, (pool: PoolSummary) => boolean>> = {
  pool: () => true,
  'active-pool': ({ active }) => active,
  'inactive-pool': ({ active }) => !active,
  'persistent-pool': ({ persistent }) => persistent,
};

/** In no order. Throws LibvirtError, for example where the command names no domain that there is. */
export async function candidates(kind: CandidateKind, connection: Connection, given: GivenValues): Promise<string[]> {
  if (isDomains(kind)) return await domains(connection, kind);
  if (isNetworks(kind)) return await networks(connection, kind);
  if (isPools(kind)) return (await pools(connection)).filter(POOLS[kind]).map(({ name }) => name);
  switch (kind) {
    case 'volume':
      return await volumes(connection, given.get('pool'));
    case 'console': {
      const { consoles } = await devices(connection, given);
      return consoles.flatMap(({ alias }) => alias ?? []);
    }
    case 'domain-root':
      return (await domains(connection, 'domain')).map((name) => `${name}:`);
    case 'disk': {
      const { disks } = await devices(connection, given);
      return disks.map(({ target }) => target.dev);
    }
    case 'interface':
    case 'interface-device':
    case 'interface-mac': {
      const { interfaces } = await devices(connection, given);
      const macs = kind === 'interface-device' ? [] : interfaces.map(({ mac }) => mac);
      return [...macs, ...(kind === 'interface-mac' ? [] : interfaces.flatMap(({ targetDev }) => targetDev ?? []))];
    }
    case 'interface-source':
      return await sources(connection, given.get('type'));
    case 'network-port': {
      const { listPorts } = await import('../driver/network/ports.ts');
      return listPorts(connection, await network(connection, given));
    }
    case 'lease-mac': {
      const { leasesOf } = await import('../driver/network/leases.ts');
      return leasesOf((await network(connection, given)).name).map(({ mac }) => mac);
    }
    default:
      return kind satisfies never;
  }
}

const isDomains = (kind: CandidateKind): kind is DomainKind => Object.hasOwn(DOMAINS, kind);
const isPools = (kind: CandidateKind): kind is PoolKind => Object.hasOwn(POOLS, kind);
const isNetworks = (kind: CandidateKind): kind is NetworkKind => Object.hasOwn(NETWORKS, kind);

async function domains(connection: Connection, kind: DomainKind): Promise<string[]> {
  const { listDomains } = await import('../driver/domain/lookup.ts');
  return (await listDomains(connection, { active: true, inactive: true })).filter(DOMAINS[kind]).map(({ name }) => name);
}

async function networks(connection: Connection, kind: NetworkKind): Promise<string[]> {
  const { listNetworks } = await import('../driver/network/networks.ts');
  return (await listNetworks(connection)).filter(NETWORKS[kind]).map(({ name }) => name);
}

/** The devices of the domain; of a running one, the live devices. */
async function devices(connection: Connection, given: GivenValues) {
  const { lookupDomain } = await import('../driver/domain/lookup.ts');
  const { domainDevices } = await import('../driver/domain/info.ts');
  const domain = await lookupDomain(connection, given.get('domain') ?? '', ['id', 'uuid', 'name'], () => {});
  return domainDevices(connection, domain, {});
}

async function network(connection: Connection, given: GivenValues) {
  const { lookupNetwork } = await import('../driver/network/networks.ts');
  return await lookupNetwork(connection, given.get('network') ?? '', ['uuid', 'name']);
}

/** For `attach-interface`: what an interface of this type can be plugged into. */
async function sources(connection: Connection, type: string | undefined): Promise<string[]> {
  if (type === 'network') return await networks(connection, 'network');
  const { hostBridgeNames, hostLinkNames } = await import('../host/routes.ts');
  if (type === 'bridge') return hostBridgeNames();
  return type === 'direct' ? [...hostLinkNames()] : [];
}

async function pools(connection: Connection): Promise<PoolSummary[]> {
  const { listPools } = await import('../driver/storage/pools.ts');
  return listPools(connection);
}

/** Names of the volumes of a pool; without one the paths of all. */
async function volumes(connection: Connection, given: string | undefined): Promise<string[]> {
  const { listVolumes } = await import('../driver/storage/volumes.ts');
  const active = (await pools(connection)).filter(
    (pool) => pool.active && (given === undefined || pool.name === given || pool.uuid === given),
  );
  return active.flatMap((pool) => listVolumes(connection, pool).map(({ name, path }) => (given === undefined ? path : name)));
}

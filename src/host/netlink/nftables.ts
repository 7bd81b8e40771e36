// What nftables has, asked of the kernel itself: that takes microseconds, nft(8) some milliseconds (linux/netfilter/nf_tables.h).
import { AF_INET, AF_INET6, NETLINK_NETFILTER } from '../../../lib-native/constants.ts';
import type { FilledChain, RuleTable } from '../../network/firewall-rules.ts';
import { decodeAttributes, stringAttribute } from './message.ts';
import { type NetlinkSocket, openNetlinkSocket } from './rtnetlink.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETTABLE = 1;
const NFT_MSG_GETCHAIN = 4;
const messageType = (message: number): number => (NFNL_SUBSYS_NFTABLES << 8) | message;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_USE = 6;

/** Whether each chain is there with its rules, or more. What was flushed by others is not. */
export function hasChains(chains: readonly FilledChain[]): boolean {
  using netfilter = openNetlinkSocket(NETLINK_NETFILTER);
  return chains.every((chain) => countRules(netfilter, chain) >= chain.rules);
}

/** Whether one of the tables is there. */
export function hasTables(tables: readonly RuleTable[]): boolean {
  using netfilter = openNetlinkSocket(NETLINK_NETFILTER);
  return tables.some(({ family, table }) =>
    Buffer.isBuffer(netfilter.get(messageType(NFT_MSG_GETTABLE), [familyHeader(family), stringAttribute(NFTA_TABLE_NAME, table)])),
  );
}

function countRules(netfilter: NetlinkSocket, { family, table, chain }: FilledChain): number {
  const name = [stringAttribute(NFTA_CHAIN_TABLE, table), stringAttribute(NFTA_CHAIN_NAME, chain)];
  const answer = netfilter.get(messageType(NFT_MSG_GETCHAIN), [familyHeader(family), ...name]);
  if (!Buffer.isBuffer(answer)) return 0;
  return decodeAttributes(answer.subarray(HEADER_BYTES)).get(NFTA_CHAIN_USE)?.readUInt32BE() ?? 0;
}

const HEADER_BYTES = 4;

/** struct nfgenmsg. */
function familyHeader(family: RuleTable['family']): Buffer {
  return Buffer.of(family === 'ip' ? AF_INET : AF_INET6, 0, 0, 0);
}

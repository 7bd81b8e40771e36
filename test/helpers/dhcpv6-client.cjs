// A DHCPv6 client for one address (RFC 8415): SOLICIT, ADVERTISE, REQUEST, REPLY. Arguments: device, MAC address. Prints the
// address, and the identity of the server.
// It runs by itself, in a container's network.
const dgram = require('node:dgram');
const process = require('node:process');

const [device, mac] = process.argv.slice(2);
const [SOLICIT, ADVERTISE, REQUEST, REPLY] = [1, 2, 3, 7];
const [CLIENT_ID, SERVER_ID, ADDRESSES, ADDRESS, ELAPSED] = [1, 2, 3, 5, 8];
const TRANSACTION = Buffer.from([1, 2, 3]);
const FROM_LINK_ADDRESS = [0, 3, 0, 1]; // a DUID made of an Ethernet address

function option(code, data) {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(code, 0);
  header.writeUInt16BE(data.length, 2);
  return Buffer.concat([header, data]);
}

function options(data) {
  const found = new Map();
  for (let at = 0; at < data.length; at += 4 + data.readUInt16BE(at + 2))
    found.set(data.readUInt16BE(at), data.subarray(at + 4, at + 4 + data.readUInt16BE(at + 2)));
  return found;
}

const own = [
  option(CLIENT_ID, Buffer.from([...FROM_LINK_ADDRESS, ...mac.split(':').map((byte) => Number.parseInt(byte, 16))])),
  option(ELAPSED, Buffer.alloc(2)),
];
let message = Buffer.concat([Buffer.from([SOLICIT]), TRANSACTION, ...own, option(ADDRESSES, Buffer.alloc(12))]);

const socket = dgram.createSocket('udp6', (answer) => {
  const given = options(answer.subarray(4));
  if (answer[0] === ADVERTISE) {
    const chosen = [option(SERVER_ID, given.get(SERVER_ID)), option(ADDRESSES, given.get(ADDRESSES))];
    message = Buffer.concat([Buffer.from([REQUEST]), TRANSACTION, ...own, ...chosen]);
    send();
  } else if (answer[0] === REPLY) {
    const address = options(given.get(ADDRESSES).subarray(12)).get(ADDRESS).subarray(0, 16);
    console.log(address.toString('hex').replace(/.{4}(?=.)/g, '$&:'), given.get(SERVER_ID).toString('hex'));
    process.exit();
  }
});
// Until the device's own address is known to be unique nothing can be sent.
const send = () => socket.send(message, 547, `ff02::1:2%${device}`, () => {});
socket.bind(546, send);
setInterval(send, 500);
setTimeout(() => process.exit(1), 30_000);

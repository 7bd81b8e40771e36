// What a service manager does for a socket unit with Accept=yes: runs a command for each connection, with that as its standard input
// and output. Arguments: the socket's path, the command, its arguments. Says `ready`, and the pid of each that it runs.
const { spawn } = require('node:child_process');
const net = require('node:net');
const process = require('node:process');

const [path, command, ...args] = process.argv.slice(2);
net
  .createServer({ pauseOnConnect: true }, (socket) => {
    socket._handle.setBlocking(true); // as those are that a service manager accepts
    const child = spawn(command, args, { stdio: [socket, socket, 'inherit'] });
    socket.destroy();
    process.stdout.write(`${child.pid}\n`);
  })
  .listen(path, () => process.stdout.write('ready\n'));

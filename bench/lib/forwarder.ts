// Passes every datagram on to a socket of its own that reads it: the least that a media path in Node can cost.
import { createSocket } from 'node:dgram';

const sink = createSocket('udp4').on('message', () => {});
sink.bind(0, '127.0.0.1', () => {
  const out = createSocket('udp4');
  out.connect(sink.address().port, '127.0.0.1', () => {
    const socket = createSocket('udp4');
    socket.on('message', (bytes) => out.send(bytes));
    socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`));
  });
});

import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { listen } from '../../../src/fleet/database/listen.ts';
import { rawServer } from '../../helpers/rawServer.ts';

/** Returns a message of PostgreSQL's protocol. */
function message(type: string, body: Buffer | string): Buffer {
  const content = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', 'I');

it('closes its connection if the server refuses to listen', async () => {
  const received: string[] = [];
  let closed: (() => void) | undefined;
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const url = await rawServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([authenticated, ready]));
      socket.on('data', (bytes) => {
        received.push(bytes.toString('latin1').slice(0, 1));
        if (bytes[0] !== 'Q'.charCodeAt(0)) return;
        socket.write(Buffer.concat([message('E', 'SERROR\0C25006\0Mis a standby\0\0'), ready]));
      });
    });
    socket.on('end', () => socket.end()).on('close', () => closed?.());
  });
  const address = `${url.replace('http:', 'postgres:')}/fleet`;
  const heard = lastValueFrom(listen({ url: address, channel: 'one', name: 'test' }));
  await expect(heard).rejects.toThrow('is a standby');
  await isClosed;
  expect(received).toEqual(['Q', 'X']);
});

import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBodyReader } from '../../../src/providers/replicate/webhookBody.ts';

const genuine = { update: () => {}, matches: () => true };
const MB = 1_000_000;

/** A body that a test sends bit by bit, and the result of reading it. */
function aBody(read: ReturnType<typeof createBodyReader>) {
  const stream = new PassThrough({ highWaterMark: 64 * MB });
  const result = read(stream, 0, genuine).then(
    (body) => body.length,
    (error) => error.statusCode ?? error.code,
  );
  return { stream, result };
}

it('reads a body, however it is cut, and hashes it while it comes', async () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(parts, async (chunks) => {
      const hash = createHash('sha256');
      const stream = new PassThrough();
      const check = { update: (chunk: Buffer) => void hash.update(chunk), matches: () => true };
      const reading = createBodyReader(MB)(stream, 0, check);
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
      const body = await reading;
      expect(body).toEqual(Buffer.concat(chunks));
      expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    }),
    { numRuns: 30 },
  );
});

it('refuses a body that is too long, declared or not, and one that is not genuine', async () => {
  const read = createBodyReader(1_000);
  await expect(read(new PassThrough(), 1_001, genuine)).rejects.toMatchObject({ statusCode: 413 });
  const long = aBody(read);
  long.stream.write(Buffer.alloc(1_001));
  expect(await long.result).toBe(413);
  // The response is still to be sent on the same connection.
  expect(long.stream.destroyed).toBe(false);
  const forged = new PassThrough().end('x');
  await expect(read(forged, 1, { ...genuine, matches: () => false })).rejects.toMatchObject({
    statusCode: 401,
  });
});

it('holds 64 MB at most, from all senders: large bodies give way first, and small ones never', async () => {
  const read = createBodyReader(10 * MB);
  const large = Array.from({ length: 20 }, () => aBody(read));
  for (const { stream } of large) stream.write(Buffer.alloc(9 * MB));
  await setImmediate();
  const middle = Array.from({ length: 100 }, () => aBody(read));
  for (const { stream } of middle) stream.write(Buffer.alloc(900_000));
  await setImmediate();
  const small = aBody(read);
  small.stream.end(Buffer.alloc(60_000));
  expect(await small.result).toBe(60_000);
  for (const { stream } of [...large, ...middle]) stream.end();
  const ends = async (bodies: typeof large) => Promise.all(bodies.map(({ result }) => result));
  const heldBytes = (results: number[]) =>
    results.filter((end) => end !== 503).reduce((sum, end) => sum + end, 0);
  const [largeEnds, middleEnds] = [await ends(large), await ends(middle)];
  expect(heldBytes(largeEnds)).toBeGreaterThan(0);
  expect(heldBytes(largeEnds)).toBeLessThanOrEqual(32 * MB);
  expect(heldBytes([...largeEnds, ...middleEnds])).toBeLessThanOrEqual(64 * MB);
  expect(middleEnds).toContain(900_000);
  expect(middleEnds).toContain(503);
});

it('has room again after bodies that ended, broke off or were refused', async () => {
  const read = createBodyReader(10 * MB);
  for (let round = 0; round < 20; round += 1) {
    const [whole, broken, refused] = [aBody(read), aBody(read), aBody(read)];
    whole.stream.end(Buffer.alloc(9 * MB));
    expect(await whole.result).toBe(9 * MB);
    broken.stream.write(Buffer.alloc(9 * MB));
    await setImmediate();
    broken.stream.destroy();
    expect(await broken.result).toBe('ERR_STREAM_PREMATURE_CLOSE');
    refused.stream.write(Buffer.alloc(11 * MB));
    expect(await refused.result).toBe(413);
  }
});

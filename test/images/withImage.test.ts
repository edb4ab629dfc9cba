import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/errors.ts';
import type { DecodeRequest, Decoder } from '../../src/images/decoder.ts';
import { openDecodingNotes } from '../../src/images/decodingNotes.ts';
import { createImageMemory } from '../../src/images/imageMemory.ts';
import { type OpenImageConfig, withImage } from '../../src/images/openImage.ts';
import { blackPng, plainWebp } from '../helpers/poisons.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const MB = 1_000_000;
const small = { fit: 'inside', boxes: [{ widthPx: 50, heightPx: 50 }] } as const;

async function file(name: string, bytes: Buffer | string): Promise<string> {
  const path = join(folder(), name);
  await writeFile(path, bytes);
  return path;
}

/** A decoder that gives a few pixels, and remembers the requests. */
function fakeDecoder(whileDecoding: () => Promise<void> = async () => {}) {
  const requests: DecodeRequest[] = [];
  const decoder: Decoder = {
    async decode(request) {
      requests.push(request);
      await whileDecoding();
      return { data: Buffer.alloc(12), widthPx: 2, heightPx: 2, channels: 3 };
    },
  };
  return { decoder, requests };
}

/** Opens an image with 1 GB, and returns whether it was decoded here or apart. */
async function open(path: string, config: Partial<OpenImageConfig> = {}) {
  const memory = config.memory ?? createImageMemory(1_000 * MB);
  const { decoder, requests } = fakeDecoder();
  const place = await withImage(
    path,
    { wanted: small, memory, decoder, ...config },
    async ({ input, options, decoding }) => {
      const { width } = await sharp(input, options).metadata();
      return `${decoding === null ? 'apart' : 'here'}, ${width} px, ${Math.round(memory.usedBytes / MB)} MB`;
    },
  );
  expect(memory.usedBytes).toBe(0);
  return { place, requests };
}

describe('an image', () => {
  it('of ordinary size is decoded here, without a note', async () => {
    const path = await file('a.png', blackPng(1_000));
    const { place, requests } = await open(path, { notes: openDecodingNotes(folder()) });
    expect(place).toBe('here, 1000 px, 6 MB');
    expect(requests).toEqual([]);
    expect(existsSync(join(folder(), '.decoding'))).toBe(false);
  });

  it('that is large is decoded apart, as small as it is needed, with a note meanwhile', async () => {
    const path = await file('a.png', blackPng(12_000, { isInterlaced: true }));
    const memory = createImageMemory(1_000 * MB);
    let noted: string[] = [];
    const { decoder, requests } = fakeDecoder(async () => {
      noted = await readdir(join(folder(), '.decoding'));
    });
    const { place } = await open(path, { memory, decoder, notes: openDecodingNotes(folder()) });
    expect(place).toBe('apart, 2 px, 4 MB');
    expect(requests).toMatchObject([{ path, format: 'png', widthPx: 12_000, shrinksUpTo: 1 }]);
    expect(requests[0]?.limitBytes).toBeCloseTo(1.25 * 426 * MB, -7);
    expect(noted).toHaveLength(1);
    expect(existsSync(join(folder(), '.decoding'))).toBe(false);
  });

  it('that nothing bounds is decoded apart, with half of the memory', async () => {
    const path = await file('a.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const { requests } = await open(path);
    expect(requests).toMatchObject([{ format: 'svg', limitBytes: 500 * MB }]);
  });

  it('that is large is left out if only small ones are wanted', async () => {
    const path = await file('a.png', blackPng(12_000, { isInterlaced: true }));
    await expect(open(path, { onlySmall: true })).rejects.toMatchObject({ code: 'ERR_TOO_MUCH_MEMORY' });
  });

  it('that takes more than all memory is not decoded at all', async () => {
    const path = await file('a.webp', await plainWebp(16_383));
    await expect(open(path)).rejects.toMatchObject({
      name: 'RenderError',
      code: 'ERR_TOO_MUCH_MEMORY',
      message: `Decoding the image ${path} takes too much memory: about 1.6 GB, while 1.0 GB are there for images`,
    });
  });

  it('waits for the memory that is made of it, however much that is', async () => {
    const path = await file('a.png', blackPng(100));
    expect((await open(path, { extraBytes: 3_000 * MB })).place).toMatch(/^here, .* 30\d\d MB$/);
  });

  it.each([
    ['is none', 'abc', 'it has an unsupported image format'],
    ['is empty', '', 'it has an unsupported image format'],
    ['has a broken header', Buffer.from('89504e470d0a1a0a0000', 'hex'), 'its end is missing'],
  ])('that %s is refused', async (_, content, reason) => {
    const path = await file('a.png', content);
    await expect(open(path)).rejects.toMatchObject({
      code: 'ERR_UNDECODABLE',
      message: `Cannot decode the image ${path}: ${reason}`,
    });
  });

  it('that is not there is a fault of the disk', async () => {
    await expect(open(join(folder(), 'none.png'))).rejects.toThrow(StorageError);
  });

  it('that has died before is refused, and the next one is decoded', async () => {
    const notes = openDecodingNotes(folder());
    const path = await file('a.svg', '<svg width="1" height="1"/>');
    await notes.begin(path, 1_000 * MB);
    await notes.begin(path, 1_000 * MB);
    await expect(open(path, { notes })).rejects.toMatchObject({ code: 'ERR_DECODING_DIED' });
    const { place } = await open(await file('b.svg', '<svg width="2" height="1"/>'), { notes });
    expect(place).toMatch(/^apart/);
  });

  it('gives its memory back if its use fails, or if it is no longer wanted', async () => {
    const memory = createImageMemory(1_000 * MB);
    const path = await file('a.png', blackPng(10));
    const failing = withImage(path, { wanted: small, memory }, async () => {
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    const left = AbortSignal.abort(new Error('left'));
    for (const name of [path, await file('a.svg', '<svg width="1" height="1"/>')]) {
      await expect(open(name, { memory, signal: left })).rejects.toThrow('left');
    }
    expect(memory.usedBytes).toBe(0);
  });
});

it('large images are decoded one at a time, while small ones continue', async () => {
  const memory = createImageMemory(1_000 * MB);
  const large = await file('large.svg', '<svg width="1" height="1"/>');
  const other = await file('other.svg', '<svg width="2" height="1"/>');
  const free = Promise.withResolvers<void>();
  const { decoder, requests } = fakeDecoder(() => free.promise);
  const config = { wanted: small, memory, decoder };
  const both = [large, other].map((path) => withImage(path, config, async () => path));
  await expect.poll(() => requests.length).toBe(1);
  expect(await withImage(await file('a.png', blackPng(10)), config, async () => 'small')).toBe('small');
  expect(requests.length).toBe(1);
  free.resolve();
  expect(await Promise.all(both)).toEqual([large, other]);
  expect(requests.length).toBe(2);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createDecoder, type DecodeRequest } from '../../src/images/decoder.ts';
import { layeredSvg, slowSvg } from '../helpers/poisons.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const MB = 1_000_000;

async function request(bytes: Buffer, fields: Partial<DecodeRequest> = {}): Promise<DecodeRequest> {
  const { format = 'svg', widthPx = 1_000, heightPx = 1_000 } = fields;
  const path = join(folder(), `a.${format}`);
  await writeFile(path, bytes);
  const wanted = { fit: 'inside', boxes: [{ widthPx: 100, heightPx: 100 }] } as const;
  return { path, format, widthPx, heightPx, wanted, shrinksUpTo: 1, limitBytes: 400 * MB, ...fields };
}

const picture = (format: 'png' | 'avif') =>
  sharp({ create: { width: 200, height: 120, channels: 3, background: '#c63' } })
    .toFormat(format)
    .toBuffer();

describe('createDecoder', () => {
  it('gives the pixels of images, one after the other, shrunk to the wanted size', async () => {
    const decoder = createDecoder();
    for (const format of ['png', 'avif'] as const) {
      const wanted = await request(await picture(format), { format, widthPx: 200, heightPx: 120 });
      const { data, ...size } = await decoder.decode(wanted);
      expect(size).toEqual({ widthPx: 100, heightPx: 60, channels: 3 });
      expect(data.length).toBe(100 * 60 * 3);
      const [red = 0, green = 0, blue = 0] = data.subarray(9_000);
      expect(Math.abs(red - 0xcc) + Math.abs(green - 0x66) + Math.abs(blue - 0x33)).toBeLessThan(12);
    }
  });

  it('reports why an image cannot be decoded, and decodes the next one', async () => {
    const decoder = createDecoder();
    const cut = (await picture('png')).subarray(0, 80);
    const size = { format: 'png', widthPx: 200, heightPx: 120 };
    await expect(decoder.decode(await request(cut, size))).rejects.toMatchObject({
      name: 'RenderError',
      code: 'ERR_UNDECODABLE',
    });
    expect(await decoder.decode(await request(await picture('png'), size))).toMatchObject({ widthPx: 100 });
  });

  it('ends an image that takes too much memory', async () => {
    const decoder = createDecoder();
    const wanted = { fit: 'inside', boxes: [{ widthPx: 3_000, heightPx: 3_000 }] } as const;
    const limitBytes = 250 * MB;
    const decoding = decoder.decode(
      await request(layeredSvg(40), { wanted, limitBytes, widthPx: 4_000, heightPx: 4_000 }),
    );
    await expect(decoding).rejects.toMatchObject({
      code: 'ERR_TOO_MUCH_MEMORY',
      message: expect.stringMatching(/takes too much memory: more than the 250 MB it may have$/),
    });
  });

  it('ends an image that takes too long, or whose decoding is aborted', async () => {
    const decoder = createDecoder({ timeoutMs: 900 });
    const slow = await request(slowSvg());
    await expect(decoder.decode(slow)).rejects.toMatchObject({ code: 'ERR_DECODING_TIMEOUT' });
    const controller = new AbortController();
    const decoding = createDecoder().decode(slow, controller.signal);
    controller.abort(new Error('left'));
    await expect(decoding).rejects.toThrow('left');
    await expect(createDecoder().decode(slow, controller.signal)).rejects.toThrow('left');
  });
});

it('the decoding process ends with its parent, even in the middle of an image', async () => {
  const slow = await request(slowSvg());
  const child = spawn(process.execPath, [resolve('src/images/decoderProcess.ts')], {
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const line = await request(await picture('png'), { format: 'png', widthPx: 200, heightPx: 120 });
  // The second one is begun when the first one has come.
  child.stdin?.write(`${JSON.stringify(line)}\n`);
  await once(child.stdio[3] as NodeJS.ReadableStream, 'data');
  child.stdin?.write(`${JSON.stringify(slow)}\n`);
  child.stdin?.end();
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
});

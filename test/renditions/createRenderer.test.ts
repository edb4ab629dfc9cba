import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPTY, firstValueFrom, lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { RenderError, StorageError } from '../../src/errors.ts';
import { withImage } from '../../src/images/openImage.ts';
import type { ProvenanceWriter } from '../../src/ports.ts';
import { decodeOriginal } from '../../src/renditions/decode.ts';
import { createRenderer } from '../../src/renditions/renderer.ts';
import type { ImageFile, RenditionSpec } from '../../src/types.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const renderer = createRenderer();

function spec(fields: Partial<RenditionSpec>): RenditionSpec {
  return { name: 'square', widthPx: 60, heightPx: 60, fit: 'cover', format: 'jpeg', quality: 80, ...fields };
}

/** Left half red, right half transparent. */
async function anOriginal(name = 'cat.png', widthPx = 200, heightPx = 100): Promise<ImageFile> {
  const path = join(folder(), name);
  const red = await sharp({
    create: { width: widthPx / 2, height: heightPx, channels: 4, background: '#f00' },
  })
    .png()
    .toBuffer();
  await sharp({
    create: { width: widthPx, height: heightPx, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  })
    .composite([{ input: red, gravity: 'west' }])
    .png()
    .toFile(path);
  return { path, bytes: (await stat(path)).size, sha256: '', format: 'png', widthPx, heightPx };
}

/** Reads the colour at a position: red, green, blue and, if the file has it, alpha. */
async function pixel(path: string, left: number, top: number): Promise<number[]> {
  const { data } = await sharp(path)
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data];
}

const stem = () => join(folder(), 'cat');

describe('createRenderer', () => {
  it('makes all renditions, in the order of the specs, with true numbers', async () => {
    const specs = [
      spec({ name: 'square' }),
      spec({ name: 'story', widthPx: 54, heightPx: 96, format: 'webp' }),
      spec({ name: 'ad', widthPx: 120, heightPx: 63, format: 'avif' }),
      spec({ name: 'post', widthPx: 80, heightPx: 45, format: 'png' }),
    ];
    const files = await firstValueFrom(renderer.render(await anOriginal(), specs, stem()));

    expect(files.map(({ path }) => path)).toEqual([
      `${stem()}--square.jpg`,
      `${stem()}--story.webp`,
      `${stem()}--ad.avif`,
      `${stem()}--post.png`,
    ]);
    expect(files.map((file) => file.spec)).toEqual(specs);
    for (const file of files) {
      const bytes = await readFile(file.path);
      const { width, height } = await sharp(bytes).metadata();
      expect(file).toMatchObject({
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        format: file.spec.format,
        widthPx: width,
        heightPx: height,
      });
      expect([width, height]).toEqual([file.spec.widthPx, file.spec.heightPx]);
    }
    expect((await readdir(folder())).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('cuts for cover, pads for contain, shrinks for inside', async () => {
    const original = await anOriginal();
    const specs = [
      spec({ name: 'cover', format: 'png' }),
      spec({ name: 'contain', format: 'png', fit: 'contain' }),
      spec({ name: 'inside', format: 'png', fit: 'inside' }),
    ];
    const files = await firstValueFrom(renderer.render(original, specs, stem()));

    expect(files.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
      [60, 60],
      [60, 60],
      [60, 30],
    ]);
    expect(await pixel(`${stem()}--cover.png`, 10, 2)).toEqual([255, 0, 0, 255]);
    expect(await pixel(`${stem()}--contain.png`, 10, 2)).toEqual([0, 0, 0, 0]);
    expect(await pixel(`${stem()}--contain.png`, 10, 30)).toEqual([255, 0, 0, 255]);
  });

  it('pads an opaque original transparently, too', async () => {
    const path = join(folder(), 'opaque.png');
    await sharp({ create: { width: 200, height: 100, channels: 3, background: '#00f' } }).toFile(path);
    const original: ImageFile = { ...(await anOriginal()), path };
    const contain = spec({ name: 'contain', format: 'webp', fit: 'contain' });
    await firstValueFrom(renderer.render(original, [contain], stem()));
    expect((await pixel(`${stem()}--contain.webp`, 30, 2))[3]).toBe(0);
  });

  it('makes transparency and free space white in JPEG', async () => {
    const contain = spec({ name: 'contain', fit: 'contain', quality: 100 });
    await firstValueFrom(renderer.render(await anOriginal(), [contain], stem()));
    expect(await pixel(`${stem()}--contain.jpg`, 30, 2)).toEqual([255, 255, 255]);
    expect(await pixel(`${stem()}--contain.jpg`, 55, 30)).toEqual([255, 255, 255]);
  });

  it('turns an image upright that was stored on its side', async () => {
    const path = join(folder(), 'side.jpg');
    const background = { create: { width: 100, height: 50, channels: 3, background: '#0f0' } } as const;
    await sharp(background).jpeg().withMetadata({ orientation: 6 }).toFile(path);
    const original: ImageFile = { ...(await anOriginal()), path, widthPx: 100, heightPx: 50 };
    const inside = spec({ name: 'inside', fit: 'inside', format: 'png' });
    const [file] = await firstValueFrom(renderer.render(original, [inside], stem()));
    expect([file?.widthPx, file?.heightPx]).toEqual([30, 60]);
  });

  it('shrinks a much larger original without a visible change', async () => {
    const original = await anOriginal('large.png', 1600, 800);
    const [file] = await firstValueFrom(renderer.render(original, [spec({ format: 'png' })], stem()));
    expect([file?.widthPx, file?.heightPx]).toEqual([60, 60]);
    // The edge is in the middle, and sharp.
    expect((await pixel(`${stem()}--square.png`, 28, 30))[3]).toBeGreaterThan(250);
    expect((await pixel(`${stem()}--square.png`, 31, 30))[3]).toBeLessThan(5);
  });

  it('has nothing to make of a video', async () => {
    const video = { ...(await anOriginal()), format: 'mp4', widthPx: null, heightPx: null };
    expect(await firstValueFrom(renderer.render(video, [spec({})], stem()))).toEqual([]);
  });

  it.each([
    ['text', (path: string) => writeFile(path, 'this is no picture')],
    ['a picture cut in half', async (path: string) => truncate(path, (await stat(path)).size / 2)],
  ])('rejects an original that cannot be decoded: %s', async (_, damage) => {
    const original = await anOriginal();
    await damage(original.path);
    const rendering = firstValueFrom(renderer.render(original, [spec({})], stem()));
    await expect(rendering).rejects.toThrow(RenderError);
    await expect(rendering).rejects.toMatchObject({ code: 'ERR_UNDECODABLE' });
    expect(await readdir(folder())).toEqual(['cat.png']);
  });

  it('checks originals of which no rendition is wanted', async () => {
    const check = (original: ImageFile) =>
      lastValueFrom(renderer.check?.(original) ?? EMPTY, { defaultValue: 'complete' });
    const original = await anOriginal();
    expect(await check(original)).toBe('complete');
    expect(await check({ ...original, widthPx: null, heightPx: null })).toBe('complete');
    await truncate(original.path, Math.floor((await stat(original.path)).size / 2));
    await expect(check(original)).rejects.toMatchObject({ name: 'RenderError', code: 'ERR_UNDECODABLE' });
    await expect(check({ ...original, path: `${stem()}.none` })).rejects.toThrow(StorageError);
  });

  it.each([30, 60, 90])('rejects a JPEG that is cut at %d %% and has an end', async (percent) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const whole = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#888', noise } })
      .jpeg()
      .toBuffer();
    const path = join(folder(), 'cut.jpg');
    const cut = whole.subarray(0, (whole.length * percent) / 100);
    await writeFile(path, Buffer.concat([cut, Buffer.from('ffd9', 'hex')]));
    const original = { path, bytes: 1, sha256: '', format: 'jpeg', widthPx: 400, heightPx: 300 };
    const rendering = firstValueFrom(renderer.render(original, [spec({})], stem()));
    await expect(rendering).rejects.toMatchObject({ code: 'ERR_UNDECODABLE' });
  });

  it('accepts a JPEG with odd bytes between its segments, or an odd profile', async () => {
    const path = join(folder(), 'odd.jpg');
    const whole = await sharp({ create: { width: 80, height: 80, channels: 3, background: '#c63' } })
      .jpeg({ progressive: true })
      .withIccProfile('srgb')
      .toBuffer();
    const table = whole.indexOf(Buffer.from('ffc4', 'hex'), whole.indexOf(Buffer.from('ffda', 'hex')));
    await writeFile(
      path,
      Buffer.concat([whole.subarray(0, table), Buffer.of(1, 2, 3), whole.subarray(table)]),
    );
    const original = { path, bytes: 1, sha256: '', format: 'jpeg', widthPx: 80, heightPx: 80 };
    expect(await firstValueFrom(renderer.render(original, [spec({})], stem()))).toHaveLength(1);
  });

  it('draws an SVG as large as it is needed, however small it is, and no larger', async () => {
    const draw = async (sidePx: number, spots: string) => {
      const path = `${stem()}.svg`;
      await writeFile(
        path,
        `<svg xmlns="http://www.w3.org/2000/svg" width="${sidePx}" height="${sidePx}" viewBox="0 0 4 4">${spots}</svg>`,
      );
      return { path, bytes: 1, sha256: '', format: 'svg', widthPx: sidePx, heightPx: sidePx };
    };
    const small = await draw(4, '<rect width="2" height="4"/>');
    await firstValueFrom(renderer.render(small, [spec({ widthPx: 400, heightPx: 400 })], stem()));
    // Enlarged from four pixels, the edge would be a hundred pixels wide.
    expect((await pixel(`${stem()}--square.jpg`, 190, 200))[0]).toBeLessThan(30);
    expect((await pixel(`${stem()}--square.jpg`, 210, 200))[0]).toBeGreaterThan(225);
    const huge = await draw(16_000, '<rect width="4" height="4"/>');
    const [drawn] = await firstValueFrom(renderer.render(huge, [spec({})], stem()));
    expect(drawn).toMatchObject({ widthPx: 60, heightPx: 60 });
    const wanted = { fit: 'cover', boxes: [{ widthPx: 9_000, heightPx: 9_000 }] } as const;
    const drawn4k = await withImage(huge.path, { wanted }, async (image) => {
      const decoded = await decodeOriginal(image, huge.path);
      return decoded().metadata();
    });
    expect(drawn4k).toMatchObject({ width: 4_096, height: 4_096 });
  });

  it('renders the first frame of an animation', async () => {
    const frame = (background: string) =>
      sharp({ create: { width: 60, height: 40, channels: 3, background } })
        .png()
        .toBuffer();
    const path = `${stem()}.gif`;
    await sharp([await frame('#f00'), await frame('#00f')], { join: { animated: true } })
      .gif()
      .toFile(path);
    const original = { path, bytes: 1, sha256: '', format: 'gif', widthPx: 60, heightPx: 40 };
    const specs = [spec({ format: 'png', widthPx: 30, heightPx: 20 })];
    expect(await firstValueFrom(renderer.render(original, specs, stem()))).toMatchObject([
      { widthPx: 30, heightPx: 20 },
    ]);
    expect((await pixel(`${stem()}--square.png`, 15, 10)).slice(0, 3)).toEqual([255, 0, 0]);
  });

  it('reads a file by its exact name, even if libvips could read options into it', async () => {
    const deep = join(folder(), 'a [b]: c');
    await mkdir(deep);
    const original = await anOriginal('a [b]: c/cat [page=3,n=9].png');
    const [made] = await firstValueFrom(renderer.render(original, [spec({})], join(deep, 'cat')));
    expect(made).toMatchObject({ path: join(deep, 'cat--square.jpg'), widthPx: 60 });
    // Not cat.png, read without limits.
    const odd = await anOriginal('cat.png[unlimited]');
    await sharp({ create: { width: 60, height: 60, channels: 3, background: '#00f' } }).toFile(
      `${stem()}.png`,
    );
    await firstValueFrom(renderer.render(odd, [spec({ format: 'png' })], stem()));
    expect(await pixel(`${stem()}--square.png`, 5, 30)).toEqual([255, 0, 0, 255]);
  });

  it('rejects a size that the format cannot have, and leaves nothing unfinished', async () => {
    const specs = [spec({}), spec({ name: 'giant', format: 'webp', widthPx: 20_000, heightPx: 1 })];
    const rendering = firstValueFrom(renderer.render(await anOriginal(), specs, stem()));
    await expect(rendering).rejects.toMatchObject({ name: 'RenderError', code: 'ERR_RENDER_FAILED' });
    expect(await readdir(folder())).toEqual(['cat.png']);
  });

  it('reports a disk that refuses', async () => {
    await writeFile(join(folder(), 'gone'), 'a file, not a folder');
    const gone = join(folder(), 'gone', 'cat');
    const rendering = firstValueFrom(renderer.render(await anOriginal(), [spec({})], gone));
    await expect(rendering).rejects.toThrow(StorageError);
  });

  it('leaves a folder or a file that has the name of a rendition', async () => {
    await mkdir(`${stem()}--square.jpg`);
    await writeFile(`${stem()}--square-2.jpg`, 'mine');
    const [made] = await firstValueFrom(renderer.render(await anOriginal(), [spec({})], stem()));
    expect(made?.path).toBe(`${stem()}--square-3.jpg`);
    expect(await readFile(`${stem()}--square-2.jpg`, 'utf8')).toBe('mine');
  });

  it('removes its temporary files on unsubscribe', async () => {
    const specs = [spec({}), spec({ name: 'large', widthPx: 1500, heightPx: 1500, format: 'webp' })];
    const original = await anOriginal();
    const seen: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    // The second image is not done before the subscriber leaves.
    const embedProvenance: ProvenanceWriter = async (bytes, format) => {
      if (format !== 'webp') return bytes;
      begun.resolve();
      await left.promise;
      return bytes;
    };
    const rendering = renderer
      .render(original, specs, stem(), embedProvenance)
      .subscribe((files) => seen.push(files));
    await begun.promise;
    expect(await readdir(folder())).toContainEqual(
      expect.stringMatching(/^cat--square\.jpg\.[0-9a-f]{16}\.rxposure\.part$/),
    );
    rendering.unsubscribe();
    left.resolve();
    await expect.poll(() => readdir(folder())).toEqual(['cat.png']);
    expect(seen).toEqual([]);
  });
});

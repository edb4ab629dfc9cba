import { join } from 'node:path';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeRendition } from '../../src/renditions/encode.ts';
import { parseRendition } from '../../src/renditions/notation.ts';
import { createOverlays } from '../../src/renditions/overlays.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
type Colour = readonly [number, number, number];
const grey: Colour = [128, 128, 128];
const white: Colour = [255, 255, 255];

function plain(colour: Colour, width = 400, height = 200) {
  const [r, g, b] = colour;
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

/** Grey, with a checkered patch of strong colours in a corner. */
async function busyCorner(left: number, top: number, width = 400, height = 200) {
  const data = Buffer.alloc(width * height * 3, 128);
  for (let y = top; y < top + 60; y += 1) {
    for (let x = left; x < left + 60; x += 1) {
      const isOdd = ((x >> 2) + (y >> 2)) % 2 === 1;
      data.set(isOdd ? [230, 40, 30] : [20, 60, 220], (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const how = () => ({ overlays: createOverlays() });

async function made(image: Sharp, text: string) {
  const { data, info } = await encodeRendition(image, parseRendition(text), how());
  const { data: pixels, info: raw } = await sharp(data).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => {
    const start = (y * raw.width + x) * raw.channels;
    return [...pixels.subarray(start, start + raw.channels)];
  };
  /** Measures the amount of colour; grey has none. */
  const colour = (left: number, top: number, width: number, height: number) => {
    let sum = 0;
    for (let y = top; y < top + height; y += 1) {
      for (let x = left; x < left + width; x += 1) {
        const [r = 0, , b = 0] = at(x, y);
        sum += Math.abs(r - b);
      }
    }
    return sum / (width * height);
  };
  return { data, info, at, colour, metadata: () => sharp(data).metadata() };
}

async function logo(colour = '#00ff00'): Promise<string> {
  const path = join(folder(), 'logo.png');
  await sharp({ create: { width: 100, height: 50, channels: 3, background: colour } })
    .png()
    .toFile(path);
  return path;
}

describe('the part that cover keeps', () => {
  it.each(['attention', 'entropy'])('is the busy corner with %s', async (focus) => {
    const right = await made(await busyCorner(330, 70), `s=200x200,png,${focus}`);
    const centre = await made(await busyCorner(330, 70), 's=200x200,png');
    expect(right.colour(0, 0, 200, 200)).toBeGreaterThan(10);
    expect(centre.colour(0, 0, 200, 200)).toBe(0);
  });

  it.each([
    ['west', 10, 20],
    ['northwest', 10, 20],
    ['east', 330, 140],
    ['southeast', 330, 140],
  ])('is the %s', async (gravity, left, x) => {
    const { at } = await made(await busyCorner(left, 70), `s=200x200,png,${gravity}`);
    expect(at(x, 80)).not.toEqual(grey);
  });
});

describe('the area that contain leaves free', () => {
  it('has the background, on the side away from the gravity', async () => {
    const { at } = await made(plain(grey), 's=200x200,contain,north,webp,lossless,background=#fe8800');
    expect(at(100, 10).slice(0, 3)).toEqual([128, 128, 128]);
    expect(at(100, 190).slice(0, 3)).toEqual([254, 136, 0]);
  });

  it.each(['png', 'jpeg,q100,chroma=4:4:4'])('shows through transparent parts in %s', async (format) => {
    const clear = sharp({
      create: { width: 40, height: 40, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } },
    });
    const { at } = await made(clear, `s=20x20,${format},background=navy`);
    const [r = 255, g = 255, b = 0] = at(10, 10);
    expect(Math.max(r, g, Math.abs(b - 128))).toBeLessThan(3);
  });
});

describe('an overlay', () => {
  it.each([
    ['northwest', 10, 10],
    ['north', 80, 10],
    ['northeast', 150, 10],
    ['west', 10, 90],
    ['centre', 80, 90],
    ['east', 150, 90],
    ['southwest', 10, 170],
    ['south', 80, 170],
    ['southeast', 150, 170],
  ])('is in the %s, as wide as it should be', async (gravity, left, top) => {
    const text = `s=200x200,png,overlay=${await logo()},overlay-place=${gravity},overlay-scale=20%,overlay-margin=5%`;
    const { at, info } = await made(plain(grey), text);
    expect(info.channels).toBe(3);
    const inside = [at(left, top), at(left + 39, top + 19)];
    const outside = [at(left - 1, top), at(left, top - 1), at(left + 40, top + 10), at(left + 10, top + 20)];
    expect(inside).toEqual([
      [0, 255, 0],
      [0, 255, 0],
    ]);
    expect(outside).toEqual(Array.from({ length: 4 }, () => [...grey]));
  });

  it('lets the image show through according to its opacity', async () => {
    const text = `s=200x200,png,overlay=${await logo()},overlay-place=centre,overlay-opacity=25%`;
    const [r = 0, g = 0, b = 0] = (await made(plain(grey), text)).at(100, 100);
    expect([r, b].every((part) => Math.abs(part - 96) <= 1)).toBe(true);
    expect(Math.abs(g - 160)).toBeLessThanOrEqual(1);
  });

  it('is as wide as the image that `inside` makes needs it, and no higher', async () => {
    const text = `s=200x200,inside,png,overlay=${await logo()},overlay-place=west,overlay-scale=100%,overlay-margin=0`;
    const { at, info } = await made(plain(grey, 400, 100), text);
    expect([info.width, info.height]).toEqual([200, 50]);
    expect([at(0, 0), at(99, 49), at(100, 25)]).toEqual([[0, 255, 0], [0, 255, 0], [...grey]]);
  });

  it('fits on the smallest of renditions', async () => {
    const file = await logo();
    expect((await made(plain(grey), `s=1x1,png,overlay=${file},caption=a`)).info.width).toBe(1);
    expect((await made(plain(grey), `s=3x40,png,overlay=${file},overlay-margin=40%`)).info.width).toBe(3);
  });

  it('keeps off the caption', async () => {
    const file = await logo();
    const text = `s=200x200,png,overlay=${file},overlay-margin=0,caption=Words`;
    const { at } = await made(plain(white), text);
    expect(at(199, 199)[1]).toBeLessThan(120);
    let lowest = 199;
    while (lowest > 0 && at(199, lowest).join() !== '0,255,0') lowest -= 1;
    expect(at(199, lowest + 1)[1]).toBeLessThan(120);
    expect(at(160, lowest)).toEqual([0, 255, 0]);
  });

  it('that cannot be read is reported', async () => {
    const making = made(plain(grey), 's=20x20,overlay=/nowhere/logo.png');
    await expect(making).rejects.toMatchObject({ name: 'RenderError', code: 'ERR_RENDER_FAILED' });
  });
});

describe('a caption', () => {
  const luminance = ([r = 0, g = 0, b = 0]: readonly number[]) => {
    const [lr = 0, lg = 0, lb = 0] = [r, g, b].map((part) => {
      const linear = part / 255;
      return linear <= 0.04045 ? linear / 12.92 : ((linear + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * lr + 0.7152 * lg + 0.0722 * lb;
  };

  it.each([
    ['white', white],
    ['black', [0, 0, 0]],
    ['yellow', [255, 255, 0]],
  ] as const)('can be read on %s', async (_, ground) => {
    const { at } = await made(plain(ground), 's=600x600,png,caption="MMMMMMMM"');
    const band = Array.from({ length: 600 * 40 }, (_unused, n) => at(n % 600, 560 + Math.floor(n / 600)));
    const light = band.map(luminance);
    // The brightest are letters, the darkest is the band; WCAG asks for 4.5 to 1.
    const [letters, behind] = [Math.max(...light), Math.min(...light)];
    expect((letters + 0.05) / (behind + 0.05)).toBeGreaterThan(4.5);
    expect(light.filter((value) => value > 0.8).length).toBeGreaterThan(50);
    expect(at(150, 10)).toEqual([...ground]);
  });

  it('is at the top on demand, and is text even if it looks like SVG', async () => {
    const hostile = `s=300x300,png,caption-place=north,caption="</text><rect width='300' height='300' fill='red'/>"`;
    const { at } = await made(plain(white), hostile);
    expect(at(2, 2)[0]).toBeLessThan(120);
    expect(at(150, 290)).toEqual([255, 255, 255]);
  });

  it('takes at most three lines', async () => {
    const { at } = await made(plain(white), `s=300x300,png,caption="${'many words '.repeat(50)}"`);
    expect(at(2, 299)[0]).toBeLessThan(120);
    expect(at(2, 200)).toEqual([255, 255, 255]);
  });

  it('that is empty leaves no band', async () => {
    const spec = { ...parseRendition('s=30x30,png'), caption: { text: ' ', place: 'south' } } as const;
    const { data } = await encodeRendition(plain(white), spec, how());
    expect((await sharp(data).stats()).channels[0]?.min).toBe(255);
  });
});

it('is sharper if asked to', async () => {
  const soft = () => busyCorner(100, 50).then((image) => image.blur(1.5).raw().toBuffer());
  const picture = async () => sharp(await soft(), { raw: { width: 400, height: 200, channels: 3 } });
  const [plainly, sharpened] = [
    await made(await picture(), 's=400x200,png'),
    await made(await picture(), 's=400x200,png,sharpen=1'),
  ];
  const contrast = async ({ data }: { data: Buffer }) => (await sharp(data).stats()).channels[0]?.stdev ?? 0;
  expect(await contrast(sharpened)).toBeGreaterThan((await contrast(plainly)) * 1.05);
});

describe('settings of a format', () => {
  const size = async (text: string) => (await made(await noise(), text)).data.length;

  it.each([
    ['webp', 'effort=0', 'effort=6'],
    ['avif', 'effort=0', 'effort=4'],
    ['jpeg', 'chroma=4:4:4', 'chroma=4:2:0'],
    ['avif', 'chroma=4:4:4', 'chroma=4:2:0'],
    ['png', 'palette=no', 'palette'],
    ['webp', 'lossless', 'lossless=no'],
  ])('of %s: %s takes more bytes than %s', async (format, larger, smaller) => {
    expect(await size(`s=200x200,${format},${larger}`)).toBeGreaterThan(
      await size(`s=200x200,${format},${smaller}`),
    );
  });

  it.each(['webp', 'avif'])('of %s: lossless loses nothing', async (format) => {
    const image = await noise();
    const { data } = await made(image.clone(), `s=200x200,${format},lossless`);
    const original = await image.clone().raw().toBuffer();
    expect((await sharp(data).removeAlpha().raw().toBuffer()).equals(original)).toBe(true);
  });

  it.each([
    ['jpeg', true],
    ['jpeg,progressive=no', false],
    ['png', false],
    ['png,progressive', true],
  ])('of %s: progressive is %s', async (format, isProgressive) => {
    const { metadata } = await made(await noise(), `s=200x200,${format}`);
    expect((await metadata()).isProgressive).toBe(isProgressive);
  });

  it('of png: a palette has at most 256 colours', async () => {
    const { metadata } = await made(await noise(), 's=200x200,png,palette');
    expect(await metadata()).toMatchObject({ isPalette: true, bitsPerSample: 8 });
  });
});

/** Something like a photograph: soft shapes with grain. */
async function noise(sidePx = 200) {
  const grain = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const create = { width: sidePx, height: sidePx, channels: 3, background: '#888', noise: grain } as const;
  const data = await sharp({ create }).blur(0.8).removeAlpha().raw().toBuffer();
  return sharp(data, { raw: { width: sidePx, height: sidePx, channels: 3 } });
}

describe('maxBytes', () => {
  let picture: Buffer;
  const image = () => sharp(picture, { raw: { width: 200, height: 200, channels: 3 } });
  beforeAll(async () => {
    picture = await (await noise()).raw().toBuffer();
  });
  const bytesAt = async (format: string, quality: number) =>
    (await made(image(), `s=100x100,${format},q${quality}`)).data.length;

  it.each(['jpeg', 'webp', 'avif', 'png,palette'])(
    'is kept by %s, as near as its quality goes',
    async (format) => {
      const [least, most] = [await bytesAt(format, 30), await bytesAt(format, 90)];
      expect(most).toBeGreaterThan(least);
      const limit = Math.round((least + most) / 2);
      const { data } = await made(image(), `s=100x100,${format},q90,max=${limit}`);
      expect(data.length).toBeLessThanOrEqual(limit);
      const sizes = await Promise.all(Array.from({ length: 61 }, (_, n) => bytesAt(format, 30 + n)));
      const fitting = sizes.filter((bytes) => bytes <= limit);
      expect(data.length).toBeGreaterThanOrEqual(Math.max(...fitting) * 0.97);
    },
    30_000,
  );

  it('is never exceeded, for any format, quality and limit', async () => {
    const formats = fc.constantFrom('jpeg', 'webp', 'png,palette');
    await fc.assert(
      fc.asyncProperty(
        formats,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 500, max: 60_000 }),
        async (format, quality, limit) => {
          const making = made(image(), `s=100x100,${format},q${quality},max=${limit}`);
          const bytes = await making.then(
            ({ data }) => data.length,
            (error: { code: string }) => (error.code === 'ERR_RENDITION_TOO_LARGE' ? 0 : Number.NaN),
          );
          expect(bytes).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 30 },
    );
  }, 30_000);

  it('leaves images that fit unchanged', async () => {
    const free = await made(image(), 's=200x200,webp,q80');
    const bound = await made(image(), `s=200x200,webp,q80,max=${free.data.length}`);
    expect(bound.data.equals(free.data)).toBe(true);
  });

  it('is reported if even the lowest quality exceeds it', async () => {
    const making = made(image(), 's=200x200,webp,q80,max=300');
    await expect(making).rejects.toMatchObject({
      name: 'RenderError',
      code: 'ERR_RENDITION_TOO_LARGE',
      recoverable: false,
      message: expect.stringMatching(
        /^Expected rendition s to have at most 300 bytes, got \d{4,} at quality 30, the lowest$/,
      ),
    });
  });

  it('goes below the lowest only if a lower quality was asked for', async () => {
    const free = await made(image(), 's=200x200,jpeg,q10');
    const bound = await made(image(), `s=200x200,jpeg,q10,max=${free.data.length}`);
    expect(bound.data.length).toBe(free.data.length);
    await expect(made(image(), 's=200x200,jpeg,q10,max=300')).rejects.toThrow('at quality 10, the lowest');
  });

  it('counts caption and overlay', async () => {
    const text = `s=200x200,jpeg,q95,max=9000,caption="MMMM mmmm",overlay=${await logo()},overlay-place=north`;
    const { data, at } = await made(image(), text);
    expect(data.length).toBeLessThanOrEqual(9_000);
    expect(at(100, 16)[1]).toBeGreaterThan(180);
    expect(at(100, 16)[0]).toBeLessThan(90);
  });
});

import sharp, { type Sharp } from 'sharp';

/** A whole file as a model may put it out. */
export interface Original {
  readonly name: string;
  /** As in `ImageFile`. */
  readonly format: string;
  readonly bytes: Buffer;
}

const [widthPx, heightPx] = [121, 83];

/** Pixels with edges and noise, so that every format has something to pack. */
function pixels(channels: 3 | 4): Buffer {
  const data = Buffer.alloc(widthPx * heightPx * channels);
  let seed = 7;
  for (let at = 0; at < data.length; at += 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    const [x, y] = [Math.floor(at / channels) % widthPx, Math.floor(at / channels / widthPx)];
    data[at] = ((x * 3 + (y > 40 ? 90 : 0)) & 0xc0) + ((seed >> 16) & 0x1f);
  }
  return data;
}

const drawing = `<?xml version="1.0" encoding="UTF-8"?>
<!-- A drawing > a line -->
<!DOCTYPE svg>
<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 40 30">
<title>Über "alles" &amp; mehr</title><style><![CDATA[ path > g { fill: red } ]]></style>
<g fill='#c63'><path d="M1 1h20v20z"/><g opacity=".5"><circle cx="20" cy="15" r="9"/></g></g>
<text x="3" y="20">a > b</text></svg>
`;

let made: Promise<readonly Original[]> | undefined;

/** Originals of every format that can be decoded, in their main variants; made once a process. */
export function originals(): Promise<readonly Original[]> {
  made ??= make();
  return made;
}

async function make(): Promise<readonly Original[]> {
  const raw = { width: widthPx, height: heightPx };
  const rgb = pixels(3);
  const rgba = pixels(4);
  const opaque = () => sharp(rgb, { raw: { ...raw, channels: 3 } });
  const clear = () => sharp(rgba, { raw: { ...raw, channels: 4 } });
  const frames = (format: 'gif' | 'webp') =>
    sharp(Buffer.concat([rgb, rgb.toReversed() as Buffer]), {
      raw: { width: widthPx, height: heightPx * 2, channels: 3, pageHeight: heightPx },
    }).toFormat(format, { loop: 0 });
  const wanted: readonly (readonly [name: string, format: string, image: Sharp])[] = [
    ['png', 'png', opaque().png()],
    ['interlaced png', 'png', clear().png({ progressive: true })],
    ['png with a palette', 'png', opaque().png({ palette: true, colours: 16 })],
    ['png of 16 bits', 'png', opaque().toColourspace('rgb16').png()],
    ['jpeg', 'jpeg', opaque().jpeg()],
    ['progressive jpeg', 'jpeg', opaque().jpeg({ progressive: true, chromaSubsampling: '4:4:4' })],
    [
      'jpeg with metadata',
      'jpeg',
      opaque()
        .jpeg()
        .withExif({ IFD0: { Copyright: 'a' } })
        .withIccProfile('p3'),
    ],
    ['lossy webp', 'webp', opaque().webp()],
    ['lossless webp', 'webp', opaque().webp({ lossless: true })],
    ['webp with alpha', 'webp', clear().webp()],
    ['animated webp', 'webp', frames('webp')],
    ['gif', 'gif', opaque().gif()],
    ['animated gif', 'gif', frames('gif')],
    ['avif', 'avif', opaque().avif({ effort: 0 })],
    ['avif with alpha', 'avif', clear().avif({ effort: 0 })],
    ['tiff', 'tif', opaque().tiff({ compression: 'none' })],
    [
      'tiff in tiles',
      'tif',
      clear().tiff({ compression: 'deflate', tile: true, tileWidth: 64, tileHeight: 64 }),
    ],
    [
      'tiff with levels',
      'tif',
      opaque().tiff({ compression: 'lzw', pyramid: true, tile: true, tileWidth: 32, tileHeight: 32 }),
    ],
    ['bigtiff', 'tif', opaque().tiff({ compression: 'deflate', bigtiff: true })],
  ];
  const encoded = wanted.map(async ([name, format, image]) => ({
    name,
    format,
    bytes: await image.toBuffer(),
  }));
  return [...(await Promise.all(encoded)), { name: 'svg', format: 'svg', bytes: Buffer.from(drawing) }];
}

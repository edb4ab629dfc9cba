import fc from 'fast-check';
import { expect, it } from 'vitest';
import { renditionFields } from '../../src/renditions/fields.ts';
import { parseRendition } from '../../src/renditions/notation.ts';
import { renditionFaults } from '../../src/renditions/renditionFaults.ts';
import type { RenditionSpec } from '../../src/types.ts';
import { renditionChoices } from '../../src/types.ts';

/** A text as in a parsed spec: trimmed. */
const words = fc
  .string({ minLength: 1, maxLength: 30 })
  .filter((text) => text !== '' && text === text.trim());
const part = (most: number) =>
  fc.integer({ min: 1, max: most * 1000 }).map((thousandths) => thousandths / 1000);
const [gravities, focuses] = [renditionChoices.place, renditionChoices.focus];

const renditions: fc.Arbitrary<RenditionSpec> = fc
  .record(
    {
      name: fc.stringMatching(/^[a-z][a-z0-9_-]{0,39}$/),
      widthPx: fc.integer({ min: 1, max: 16_384 }),
      heightPx: fc.integer({ min: 1, max: 16_384 }),
      fit: fc.constantFrom(...renditionChoices.fit),
      format: fc.constantFrom(...renditionChoices.format),
      quality: fc.integer({ min: 1, max: 100 }),
      gravity: fc.constantFrom(...gravities, ...focuses),
      maxBytes: fc.integer({ min: 1, max: 1_000_000_000 }),
      background: fc.integer({ min: 0, max: 0xffffff }).map((rgb) => `#${rgb.toString(16).padStart(6, '0')}`),
      overlay: fc.record({
        file: words,
        place: fc.constantFrom(...gravities),
        scale: part(1),
        opacity: part(1),
        margin: part(0.4),
      }),
      caption: fc.record({ text: words, place: fc.constantFrom(...renditionChoices.captionPlace) }),
      sharpen: fc.integer({ min: 3, max: 100 }).map((tenths) => tenths / 10),
      effort: fc.integer({ min: 0, max: 10 }),
      lossless: fc.boolean(),
      chromaSubsampling: fc.constantFrom(...renditionChoices.chromaSubsampling),
      progressive: fc.boolean(),
      palette: fc.boolean(),
    },
    { requiredKeys: ['name', 'widthPx', 'heightPx', 'fit', 'format', 'quality'] },
  )
  .map(withoutFaults);

/** Leaves out options that conflict with the rest. */
function withoutFaults(spec: RenditionSpec): RenditionSpec {
  const wrong = new Set<string>(renditionFaults(spec).map(({ key }) => key));
  return Object.fromEntries(
    Object.entries(spec).filter(([key]) => !wrong.has(key)),
  ) as unknown as RenditionSpec;
}

function printed(spec: RenditionSpec): string {
  const { name, widthPx, heightPx, fit, format, quality, gravity, maxBytes, overlay, caption } = spec;
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const yes = (isOn: boolean) => (isOn ? 'yes' : 'no');
  return [
    `${name}=${widthPx}x${heightPx}`,
    fit,
    format,
    `q${quality}`,
    ...(gravity === undefined ? [] : [gravity]),
    ...(maxBytes === undefined ? [] : [`max=${maxBytes}`]),
    ...(spec.background === undefined ? [] : [`background=${spec.background}`]),
    ...(overlay === undefined
      ? []
      : [
          `overlay=${quoted(overlay.file)}`,
          `overlay-place=${overlay.place}`,
          `overlay-scale=${overlay.scale}`,
          `overlay-opacity=${overlay.opacity}`,
          `overlay-margin=${overlay.margin}`,
        ]),
    ...(caption === undefined ? [] : [`caption=${quoted(caption.text)}`, `caption-place=${caption.place}`]),
    ...(spec.sharpen === undefined ? [] : [`sharpen=${spec.sharpen}`]),
    ...(spec.effort === undefined ? [] : [`effort=${spec.effort}`]),
    ...(spec.lossless === undefined ? [] : [`lossless=${yes(spec.lossless)}`]),
    ...(spec.chromaSubsampling === undefined ? [] : [`chroma=${spec.chromaSubsampling}`]),
    ...(spec.progressive === undefined ? [] : [`progressive=${yes(spec.progressive)}`]),
    ...(spec.palette === undefined ? [] : [`palette=${yes(spec.palette)}`]),
  ].join(',');
}

it('reads back every rendition that is written in the short notation', () => {
  fc.assert(
    fc.property(renditions, (spec) => {
      expect(parseRendition(printed(spec))).toEqual(spec);
    }),
    { numRuns: 500 },
  );
});

it('reads the same from keys and values', () => {
  fc.assert(
    fc.property(renditions, ({ widthPx, heightPx, ...others }) => {
      const written = JSON.parse(JSON.stringify({ ...others, width: widthPx, height: heightPx }));
      expect(renditionFields.parse(written)).toEqual({ ...others, widthPx, heightPx });
    }),
  );
});

it('never fails with another error than `UsageError`, for any text', () => {
  fc.assert(
    fc.property(fc.string(), (typed) => {
      const read = () => parseRendition(`thumb=10x10,${typed}`);
      try {
        expect(renditionFaults(read())).toEqual([]);
      } catch (error) {
        expect(error).toMatchObject({ name: 'UsageError' });
      }
    }),
  );
});

const thumb = { name: 'thumb', widthPx: 400, heightPx: 400, fit: 'cover', format: 'webp', quality: 80 };
const logo = { file: 'logo.png', place: 'southeast', scale: 0.2, opacity: 1, margin: 0.03 };

it.each([
  ['attention,max=200kB', { gravity: 'attention', maxBytes: 200_000 }],
  ['max=1.5 MB,center', { maxBytes: 1_500_000, gravity: 'centre' }],
  [
    'max=512 KiB,contain,background=Rebeccapurple',
    { maxBytes: 524_288, fit: 'contain', background: '#663399' },
  ],
  ['overlay=logo.png', { overlay: logo }],
  [
    'overlay=logo.png,overlay-scale=18%,overlay-opacity=.5',
    { overlay: { ...logo, scale: 0.18, opacity: 0.5 } },
  ],
  ['overlay="C:\\art, new\\logo.png"', { overlay: { ...logo, file: 'C:\\art, new\\logo.png' } }],
  ['caption="№ {index}, ""{prompt}"""', { caption: { text: '№ {index}, "{prompt}"', place: 'south' } }],
  ['sharpen', { sharpen: 0.8 }],
  ['lossless,effort=6', { lossless: true, effort: 6 }],
])('reads thumb=400x400,webp,q80,%s', (options, fields) => {
  expect(parseRendition(`thumb=400x400,webp,q80,${options}`)).toEqual({ ...thumb, ...fields });
});

it.each([
  ['inside,north', 'gravity: Expected cover or contain with gravity, got inside'],
  ['contain,attention', 'gravity: Expected cover with gravity, got contain'],
  ['lossless', 'lossless: Expected webp or avif with lossless, got jpeg'],
  ['png,lossless', 'lossless: Expected webp or avif with lossless, got png'],
  ['png,max=9kB', 'maxBytes: Expected a format whose quality can be lowered'],
  ['webp,lossless,max=9kB', 'with maxBytes, got lossless'],
  ['effort=3', 'effort: Expected webp, avif or png with a palette with effort, got jpeg'],
  ['png,effort=3', 'effort: Expected webp, avif or png with a palette with effort, got png'],
  ['webp,effort=7', 'effort: Expected 0 to 6 with effort, got 7'],
  ['png,palette,effort=0', 'effort: Expected 1 to 10 with effort, got 0'],
  ['webp,progressive', 'progressive: Expected jpeg or png with progressive, got webp'],
  ['webp,chroma=4:4:4', 'chromaSubsampling: Expected jpeg or avif with chromaSubsampling, got webp'],
  ['webp,palette', 'palette: Expected png with palette, got webp'],
  ['max=0', 'maxBytes: Expected bytes, 200000 or 200kB, from 1 to 1 GB, got "0"'],
  ['max=2 GB', 'got "2 GB"'],
  ['background=blurple', 'background: Expected an opaque colour such as #ff6600 or white, got "blurple"'],
  ['background=#ff660080', 'got "#ff660080"'],
  ['overlay-scale=20%', 'overlay.file: Expected the path of an image'],
  [
    'overlay=a.png,overlay-scale=120%',
    'overlay.scale: Expected a number of 0.001 to 1, or 0.1% to 100%, got "120%"',
  ],
  ['overlay=a.png,overlay-place=sotheast', 'got "sotheast"; did you mean southeast?'],
  ['caption=', 'caption.text: Expected a text, got an empty one'],
  ['sharpen=99', 'sharpen: Expected true or a number of 0.3 to 10'],
  ['progressive=maybe', 'progressive: Expected true or false, got "maybe"'],
])('refuses thumb=400x400,%s', (options, message) => {
  const text = `thumb=400x400,${options}`;
  expect(() => parseRendition(text)).toThrow(message);
  expect(() => parseRendition(text)).toThrow(`, in the rendition ${JSON.stringify(text)}`);
});

it.each([
  ['atention', 'attention'],
  ['maxx=200kB', 'max'],
  ['overlay-plase=north', 'overlay-place'],
  ['nort-east', 'northeast'],
])('guesses the meaning of %s', (option, meant) => {
  expect(() => parseRendition(`thumb=400x400,${option}`)).toThrow(
    expect.objectContaining({ suggestion: `Did you mean ${meant}?` }),
  );
});

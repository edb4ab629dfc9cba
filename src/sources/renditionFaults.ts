import type { RenditionFormat, RenditionSpec } from '../types.ts';

/** Something a rendition asks for that does not go with the rest of it. */
export interface RenditionFault {
  /** Of the key that asks for it. */
  readonly key: keyof RenditionSpec;
  readonly message: string;
}

interface Rule {
  readonly key: keyof RenditionSpec;
  /** What goes with a rendition's value of the key; null where that is what it has. */
  readonly missing: (spec: RenditionSpec) => { readonly wanted: string; readonly got: string } | null;
}

const rules: readonly Rule[] = [
  {
    key: 'gravity',
    missing: ({ gravity, fit }) => {
      const isFocus = gravity === 'attention' || gravity === 'entropy';
      if (fit === 'cover' || (fit === 'contain' && !isFocus)) return null;
      return { wanted: isFocus ? 'cover' : 'cover or contain', got: fit };
    },
  },
  {
    key: 'maxBytes',
    missing: ({ format, lossless = false, palette = false }) => {
      if (!lossless && (format !== 'png' || palette)) return null;
      const wanted = 'a format whose quality can be lowered (jpeg, webp, avif, png with a palette)';
      return { wanted, got: lossless ? 'lossless' : format };
    },
  },
  {
    key: 'effort',
    missing: (spec) => {
      const [least, most] = effortRange(spec);
      if (most === 0) return { wanted: 'webp, avif or png with a palette', got: spec.format };
      const { effort = least } = spec;
      return effort >= least && effort <= most ? null : { wanted: `${least} to ${most}`, got: `${effort}` };
    },
  },
  { key: 'lossless', missing: formatOf('webp', 'avif') },
  { key: 'chromaSubsampling', missing: formatOf('jpeg', 'avif') },
  { key: 'progressive', missing: formatOf('jpeg', 'png') },
  { key: 'palette', missing: formatOf('png') },
];

/** What does not go together in a rendition whose single values are all right: nothing where it can be made. */
export function renditionFaults(spec: RenditionSpec): RenditionFault[] {
  return rules.flatMap(({ key, missing }) => {
    // What is switched off asks for nothing.
    if (spec[key] === undefined || spec[key] === false) return [];
    const fault = missing(spec);
    return fault === null ? [] : [{ key, message: `Expected ${fault.wanted} with ${key}, got ${fault.got}` }];
  });
}

function formatOf(...formats: readonly RenditionFormat[]): Rule['missing'] {
  return ({ format }) => (formats.includes(format) ? null : { wanted: formats.join(' or '), got: format });
}

/** 0 to 0 where the format's encoder cannot be told. */
function effortRange({ format, palette }: RenditionSpec): readonly [number, number] {
  if (format === 'webp') return [0, 6];
  if (format === 'avif') return [0, 9];
  return format === 'png' && palette === true ? [1, 10] : [0, 0];
}

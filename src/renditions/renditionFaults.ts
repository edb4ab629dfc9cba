import type { RenditionFormat, RenditionSpec } from '../types.ts';

/** An option of a rendition that conflicts with the rest of it. */
interface RenditionFault {
  /** The key of the option. */
  readonly key: keyof RenditionSpec;
  readonly message: string;
}

interface Rule {
  readonly key: keyof RenditionSpec;
  /**
   * Returns the value that the option needs and that of the rendition; null if there is no
   * conflict.
   */
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

/**
 * Lists the conflicts between the options of a rendition whose single values are valid; none if it
 * can be made.
 */
export function renditionFaults(spec: RenditionSpec): RenditionFault[] {
  return rules.flatMap(({ key, missing }) => {
    // An option that is switched off needs nothing.
    if (spec[key] === undefined || spec[key] === false) return [];
    const fault = missing(spec);
    return fault === null ? [] : [{ key, message: `Expected ${fault.wanted} with ${key}, got ${fault.got}` }];
  });
}

function formatOf(...formats: readonly RenditionFormat[]): Rule['missing'] {
  return ({ format }) => (formats.includes(format) ? null : { wanted: formats.join(' or '), got: format });
}

/**
 * Returns the lowest and highest effort of the format's encoder; 0 and 0 if it has no such option.
 */
function effortRange({ format, palette }: RenditionSpec): readonly [number, number] {
  if (format === 'webp') return [0, 6];
  if (format === 'avif') return [0, 9];
  return format === 'png' && palette === true ? [1, 10] : [0, 0];
}

import { UsageError } from '../errors.ts';
import type { RenditionFit, RenditionFormat, RenditionSpec } from '../types.ts';
import { nearestName } from './nearestName.ts';
import { renditionPresets } from './renditionPresets.ts';

const maxPx = 16_384;
const fits: readonly RenditionFit[] = ['cover', 'contain', 'inside'];
const formats: readonly RenditionFormat[] = ['jpeg', 'webp', 'avif', 'png'];

/**
 * Reads `NAME=WxH[,fit][,format][,quality]` (the options in any order), or the name of a preset with the same options:
 * `thumb=320x240,inside,webp,70`, `instagram_post`, `instagram_post,webp`. Without options: cover, jpeg, 85.
 *
 * Throws `UsageError` that says what was expected.
 */
export function parseRendition(text: string): RenditionSpec {
  const [head = '', ...options] = text.split(',').map((part) => part.trim());
  const base = head.includes('=') ? sized(text, head) : presetNamed(text, head);
  return options.reduce((spec, option) => withOption(text, spec, option), base);
}

function sized(text: string, head: string): RenditionSpec {
  const [, name = '', size = ''] = /^([^=]*)=(.*)$/.exec(head) ?? [];
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(name.trim())) {
    throw wrong(
      text,
      'a name of lower-case letters, digits, _ and -, beginning with a letter (at most 40)',
      name,
    );
  }
  const [, width, height] = /^\s*(\d{1,6})\s*[x×]\s*(\d{1,6})\s*$/i.exec(size) ?? [];
  const [widthPx, heightPx] = [Number(width), Number(height)];
  if (!isSize(widthPx) || !isSize(heightPx)) throw wrong(text, `a size WxH of 1 to ${maxPx} pixels`, size);
  return { name: name.trim(), widthPx, heightPx, fit: 'cover', format: 'jpeg', quality: 85 };
}

function isSize(px: number): boolean {
  return px >= 1 && px <= maxPx;
}

function presetNamed(text: string, name: string): RenditionSpec {
  const preset = Object.hasOwn(renditionPresets, name) ? renditionPresets[name] : undefined;
  if (preset !== undefined) return preset;
  const names = Object.keys(renditionPresets);
  const meant = nearestName(name, names);
  throw wrong(
    text,
    `NAME=WxH, or one of ${names.join(', ')}`,
    name,
    meant === null ? '' : `Did you mean ${meant}?`,
  );
}

function withOption(text: string, spec: RenditionSpec, option: string): RenditionSpec {
  const word = option.toLowerCase() === 'jpg' ? 'jpeg' : option.toLowerCase();
  const fit = fits.find((name) => name === word);
  if (fit !== undefined) return { ...spec, fit };
  const format = formats.find((name) => name === word);
  if (format !== undefined) return { ...spec, format };
  const quality = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (quality >= 1 && quality <= 100) return { ...spec, quality };
  throw wrong(
    text,
    `a fit (${fits.join(', ')}), a format (${formats.join(', ')}) or a quality of 1 to 100`,
    option,
  );
}

function wrong(text: string, expected: string, got: string, suggestion = ''): UsageError {
  return new UsageError(
    `Expected ${expected}, got ${JSON.stringify(got)} in the rendition ${JSON.stringify(text)}`,
    {
      suggestion: suggestion || 'A rendition looks like thumb=320x240,cover,webp,80 or instagram_post.',
    },
  );
}

import { UsageError } from '../errors.ts';
import { renditionChoices } from '../renditionChoices.ts';
import type { RenditionSpec } from '../types.ts';
import { describeSpecIssue } from './describeSpecIssue.ts';
import { nearestName } from './nearestName.ts';
import { renditionFields } from './renditionFields.ts';
import { renditionOption, renditionOptionNames } from './renditionOption.ts';
import { renditionPresets } from './renditionPresets.ts';
import { splitQuoted } from './splitQuoted.ts';

const maxPx = 16_384;

/**
 * Reads `NAME=WxH` or the name of a preset, and options in any order: `thumb=320x240,inside,webp,70`, `instagram_post`,
 * `instagram_post,attention,webp,max=200kB,overlay=logo.png`. Without options: cover, jpeg, 85. docs/renditions.md has them
 * all. A value with a comma is put in double quotes; a double quote in it is doubled.
 *
 * Throws `UsageError` that says what was expected.
 */
export function parseRendition(text: string): RenditionSpec {
  const [head = '', ...options] = splitQuoted(text);
  const { widthPx, heightPx, ...base } = head.includes('=') ? sized(text, head) : presetNamed(text, head);
  const fields = options.reduce((found, option) => withOption(text, found, option), {
    ...base,
    width: widthPx,
    height: heightPx,
  } as Readonly<Record<string, unknown>>);
  const result = renditionFields.safeParse(fields, { reportInput: true });
  if (result.success) return result.data;
  const [problem] = result.error.issues.flatMap((issue) => describeSpecIssue(issue, renditionFields));
  const { path = [], message = '' } = problem ?? {};
  throw new UsageError(`${path.join('.')}: ${message}, in the rendition ${JSON.stringify(text)}`);
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

function withOption(text: string, fields: Readonly<Record<string, unknown>>, option: string) {
  const changed = renditionOption(option, fields);
  if (changed !== null) return changed;
  const { fit, format, place, focus } = renditionChoices;
  const [word = ''] = option.split('=');
  const meant = nearestName(word, [...fit, ...format, ...place, ...focus, ...renditionOptionNames]);
  throw wrong(
    text,
    `a fit (${fit.join(', ')}), a format (${format.join(', ')}) or a quality of 1 to 100, a gravity (${[...place, ...focus].join(', ')}), or an option (${renditionOptionNames.join(', ')})`,
    option,
    meant === null ? '' : `Did you mean ${meant}?`,
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

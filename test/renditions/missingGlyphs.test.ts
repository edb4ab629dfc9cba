import { expect, it } from 'vitest';
import { warnOfMissingGlyphs } from '../../src/renditions/captionGlyphs.ts';
import { missingGlyphs } from '../../src/renditions/glyphs.ts';
import type { Plan, RenditionSpec } from '../../src/types.ts';
import { aPlan } from '../helpers/aPlan.ts';

/** A letter of a script that Unicode has had since 2024, and hardly any font. */
const rare = '\u{10D50}';

it('finds the characters that no font has, each once', async () => {
  expect(await missingGlyphs(`a${rare} naïve ${rare} straße \u2003 \u200b`)).toEqual([rare]);
});

it('leaves out blanks, marks and control characters', async () => {
  expect(await missingGlyphs('e\u0301 \uFE0F\u200D\n\t\uFDD0')).toEqual([]);
});

it('distinguishes more characters than fit on a sheet', async () => {
  const latin = Array.from({ length: 300 }, (_, at) => String.fromCodePoint(0xc0 + at)).join('');
  expect(await missingGlyphs(latin + rare)).toContain(rare);
  expect(await missingGlyphs(latin.slice(0, 60))).toEqual([]);
});

const thumb = {
  name: 'thumb',
  widthPx: 64,
  heightPx: 64,
  fit: 'cover',
  format: 'webp',
  quality: 80,
} as const;
const captioned = (text: string): RenditionSpec => ({ ...thumb, caption: { text, place: 'south' } });

async function warningsOf(plans: readonly Plan[]): Promise<string[]> {
  const warnings: string[] = [];
  await warnOfMissingGlyphs(
    () => plans,
    (message) => void warnings.push(message),
  );
  return warnings;
}

it('warns of captions that would be drawn as boxes', async () => {
  const plans = ['a cat', `a ${rare}`].map((text) => aPlan({ renditions: [captioned(text)] }));
  expect(await warningsOf(plans)).toEqual([
    `No font of this machine has 1 character of the captions: ${rare}. It is drawn as a box. Install a font that has it, such as one of Noto, before you pay for images with captions.`,
  ]);
});

it('reports nothing for jobs without captions', async () => {
  expect(await warningsOf([aPlan({ prompt: rare, renditions: [thumb] })])).toEqual([]);
});

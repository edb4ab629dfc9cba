import type { Plan } from '../types.ts';
import { missingGlyphs } from './glyphs.ts';

/** A run without captions among so many of its first jobs has none. */
const LOOKED_AT = 1_000;
const MOST_SHOWN = 8;

/**
 * Warns, before anything is paid, of characters in captions that no font of this machine has: they
 * would be drawn as boxes. Reads all plans once if there are captions.
 */
export async function warnOfMissingGlyphs(
  plans: () => AsyncIterable<Plan> | Iterable<Plan>,
  warn: (message: string) => void,
): Promise<void> {
  const characters = new Set<string>();
  let jobs = 0;
  let hasCaptions = false;
  for await (const { renditions } of plans()) {
    jobs += 1;
    for (const { caption } of renditions) {
      if (caption === undefined) continue;
      hasCaptions = true;
      for (const character of caption.text) characters.add(character);
    }
    if (!hasCaptions && jobs >= LOOKED_AT) return;
  }
  const missing = await missingGlyphs([...characters].join(''));
  if (missing.length > 0) warn(describe(missing));
}

function describe(missing: readonly string[]): string {
  const shown = missing.slice(0, MOST_SHOWN).join(' ');
  const rest = missing.length > MOST_SHOWN ? ' …' : '';
  const [characters, advice] =
    missing.length === 1
      ? ['1 character', 'It is drawn as a box. Install a font that has it']
      : [`${missing.length} characters`, 'They are drawn as boxes. Install a font that has them'];
  return `No font of this machine has ${characters} of the captions: ${shown}${rest}. ${advice}, such as one of Noto, before you pay for images with captions.`;
}

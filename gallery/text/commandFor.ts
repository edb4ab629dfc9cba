import type { GalleryJob } from '../../src/sinks/gallery/galleryData.ts';

/**
 * Returns a shell command that makes a job's image again, on the simulator if it was made there;
 * null if the page does not have the whole input. The row is JSON in single quotes, with every
 * quote, control and direction character escaped, so that no prompt can end it or hide in it.
 */
export function commandFor({ prompt, input, model, version, isCut, isSimulated }: GalleryJob): string | null {
  if (isCut) return null;
  const row = JSON.stringify({ prompt, ...input }).replace(/['\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
  const name = [model, version]
    .filter(Boolean)
    .join(':')
    .replace(/[^\w./:-]/g, '');
  return `printf '%s\\n' '${row}' > again.jsonl && npx rxposure generate again.jsonl --model ${name} --seed none${isSimulated ? ' --simulate' : ''}`;
}

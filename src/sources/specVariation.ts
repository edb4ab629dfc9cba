import { z } from 'zod';
import { slug } from './slug.ts';
import { specText } from './specText.ts';

/** One of several ideas in a spec: a text, or a name for folders and tags with its words for the prompt. */
export const specVariation = z.union([
  specText.transform((prompt) => ({ name: slug(prompt), prompt })),
  z.strictObject({ name: specText, prompt: specText }),
]);

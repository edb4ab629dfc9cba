import type { SimulatedModel } from './SimulatedModel.ts';

/** What a model is for, from what it takes: `text-to-image`, `image-to-image`, `image-editing`, `image-to-text`. */
export function tagsOf({ inputs, output }: SimulatedModel): string[] {
  if (output === 'text') return ['image-to-text'];
  const images = Object.values(inputs).filter(({ type, format }) => type === 'files' || format === 'uri');
  if (images.some(({ isRequired }) => isRequired)) return ['image-to-image', 'image-editing'];
  return images.length > 0 ? ['text-to-image', 'image-to-image'] : ['text-to-image'];
}

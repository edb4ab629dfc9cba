/** What a model is chosen for. */
export const useCases = [
  'draft',
  'photo',
  'illustration',
  'text-in-image',
  'editing',
  'multi-image',
] as const;
export type UseCase = (typeof useCases)[number];

import { specText } from './specText.ts';

/** A model as specs name it. */
export const modelName = specText.regex(/^[\w.-]+\/[\w.-]+(:[0-9a-f]{64})?$/, {
  error: ({ input }) => `Expected owner/name or owner/name:version, got ${JSON.stringify(input)}`,
});

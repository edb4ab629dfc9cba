import type { JobContext } from '../../src/sources/planning/jobContext.ts';
import type { ModelSchema } from '../../src/types.ts';

export const schema: ModelSchema = {
  required: ['prompt'],
  properties: {
    prompt: { type: 'string' },
    seed: { type: 'integer' },
    aspect_ratio: { type: 'string', enum: ['1:1', '16:9', '9:16'] },
    guidance: { type: 'number', minimum: 0, maximum: 10 },
    num_outputs: { type: 'integer', minimum: 1, maximum: 4 },
    go_fast: { type: 'boolean' },
    megapixels: { type: 'string', enum: ['1', '0.25'] },
    loras: { type: 'array', items: { type: 'string' } },
  },
};

export function contextOf(changes: Partial<JobContext> = {}): JobContext {
  const context = { model: 'owner/name', version: null, schema, input: {}, count: 1, seed: 'none' } as const;
  return { ...context, renditions: [], ...changes };
}

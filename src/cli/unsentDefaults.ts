import type { ModelInput, ModelSchema } from '../types.ts';

/** The values that the model takes for what an input leaves out, by its schema. */
export function unsentDefaults(input: ModelInput, schema: ModelSchema | null): ModelInput {
  const open = Object.entries(schema?.properties ?? {}).flatMap(([name, { default: preset }]) =>
    Object.hasOwn(input, name) || preset === undefined || preset === null ? [] : [[name, preset] as const],
  );
  return Object.fromEntries(open);
}

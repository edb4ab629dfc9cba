import type { Json, ModelInput, ModelInputProperty, ModelSchema } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { frameInput } from './frameInput.ts';

/**
 * Inputs made for one model as another one takes them: what it does not know or refuses is left to its defaults, and the
 * shape of the picture is kept as nearly as it can. All of them where it publishes no schema.
 */
export function fitInput(input: ModelInput, schema: ModelSchema | null): ModelInput {
  if (schema === null) return input;
  const taken = Object.entries(input).filter(([name, value]) => takes(schema.properties[name], name, value));
  const shape = shapeOf(input);
  const frame = shape === null ? {} : frameInput(...shape, schema);
  return { ...frame, ...Object.fromEntries(taken) };
}

function takes(property: ModelInputProperty | undefined, name: string, value: Json): boolean {
  if (property === undefined) return false;
  try {
    checkInput(name, value, property);
    return true;
  } catch {
    return false;
  }
}

/** Width and height, in whatever unit. */
function shapeOf({ aspect_ratio: ratio, width, height }: ModelInput): readonly [number, number] | null {
  if (typeof width === 'number' && typeof height === 'number') return [width, height];
  const [, across = '', down = ''] = /^(\d+):(\d+)$/.exec(String(ratio)) ?? [];
  return across === '' ? null : [Number(across), Number(down)];
}

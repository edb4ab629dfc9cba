import type { Json, ModelInput, ModelSchema } from '../types.ts';
import { beginningOf } from './beginningOf.ts';
import type { Paint } from './createPaint.ts';
import { shorten } from './shorten.ts';
import { unsentDefaults } from './unsentDefaults.ts';

const VALUE_COLUMNS = 40;

/**
 * What a planned job sends besides the prompt and the seed, which its row has, and the defaults that hold for the rest;
 * a line each, none where there is nothing to say.
 */
export function planInputs(input: ModelInput, schema: ModelSchema | null, paint: Paint): string[] {
  const { prompt: _prompt, seed: _seed, ...sent } = input;
  return [
    ...line('sends', sent),
    ...line('default', unsentDefaults(input, schema)).map((text) => paint('dim', text)),
  ];
}

function line(label: string, values: ModelInput): string[] {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${shown(value)}`);
  return pairs.length === 0 ? [] : [`       ${label.padEnd(8)}${pairs.join(', ')}`];
}

function shown(value: Json): string {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
  return shorten(beginningOf(text), VALUE_COLUMNS);
}

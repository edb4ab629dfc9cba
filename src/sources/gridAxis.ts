import { basename, extname } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Json } from '../types.ts';
import { canonicalJson } from './canonicalJson.ts';
import type { GridAxis, GridValue } from './Grid.ts';
import { slug } from './slug.ts';

/** A value as a spec has it, and what it is called where it was given a name. */
export interface NamedValue {
  readonly name: string | null;
  readonly value: Json;
}

export interface GridAxisConfig {
  name: string;
  /** Where it stands in the spec, for messages. */
  place: string;
  values: readonly NamedValue[];
  /** Whether it is a word of the prompt; else it is a model input, or the model itself. */
  isWord: boolean;
}

const longestName = 60;

/**
 * An axis from a list of values. Each is known by what it says; its name is a short form of the text, the file's name without
 * extension, or the number. Throws `UsageError` where a value comes twice or is no text though the prompt needs one.
 */
export function gridAxis({ name, place, values, isWord }: GridAxisConfig): GridAxis {
  const seen = new Set<string>();
  for (const { value } of values) {
    const text = canonicalJson(value);
    if (seen.has(text)) throw new UsageError(`Expected each value once, got ${text} twice`);
    seen.add(text);
  }
  return { name, place, values: values.map((value) => gridValue(name, value, isWord)) };
}

function gridValue(axis: string, { name, value }: NamedValue, isWord: boolean): GridValue {
  const tags = { [axis]: name ?? nameOf(value, axis === 'model') };
  if (axis === 'model') return { tags, words: {}, input: {}, model: String(value) };
  if (!isWord) return { tags, words: {}, input: { [axis]: value } };
  if (typeof value === 'object') {
    throw new UsageError(`Expected a text, as the prompt has {${axis}}, got ${JSON.stringify(value)}`);
  }
  return { tags, words: { [axis]: String(value) }, input: {} };
}

function nameOf(value: Json, isModel: boolean): string {
  if (Array.isArray(value)) return value.map((item: Json) => nameOf(item, false)).join('+') || 'none';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (isModel) return value.replace(/^[^/]*\//, '').replace(/:(\w{8})\w*$/, '-$1');
  if (/\.(png|jpe?g|webp|avif|gif|svg)$/i.test(value)) return basename(value, extname(value));
  if (value.trim() === '') return 'none';
  return value.length <= longestName && !/\s/.test(value.trim()) ? value.trim() : slug(value);
}

import { basename, extname } from 'node:path';
import { canonicalJson } from '../../../base/modelInput.ts';
import { UsageError } from '../../../errors.ts';
import { slug } from '../../../sources/planning/fileNames.ts';
import { promptTemplate } from '../../../sources/specs/promptTemplate.ts';
import type { Json, ModelInput } from '../../../types.ts';
import type { GridAxis, GridValue } from './cells.ts';

/** Lists of values, by axis. */
export type GridLists = Readonly<Record<string, readonly NamedValue[]>>;

/** The fields of a spec that list the varying values. */
export interface VaryingFields {
  readonly prompt?: string | null | undefined;
  readonly axes?: GridLists | null | undefined;
  readonly zip?: GridLists | null | undefined;
  readonly input?: ModelInput | null | undefined;
  readonly model?: unknown;
}

/** A value of a spec, and its name if it has one. */
export interface NamedValue {
  readonly name: string | null;
  readonly value: Json;
}

interface GridAxisConfig {
  name: string;
  /** Path in the spec, for messages. */
  place: string;
  values: readonly NamedValue[];
  /** True if it is a word of the prompt; else it is a model input, or the model itself. */
  isWord: boolean;
}

const longestName = 60;

/**
 * Makes an axis from a list of values. A value without a name is named by a short form of its text,
 * by its file name without extension, or by its number. Throws `UsageError` if a value appears
 * twice, or is not a text though the prompt needs one.
 */
export function gridAxis({ name, place, values, isWord }: GridAxisConfig): GridAxis {
  const seen = new Set<string>();
  for (const { value } of values) {
    const text = canonicalJson(value);
    if (seen.has(text)) throw new UsageError(`The value ${text} appears twice; give each value once`);
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

/**
 * Makes the axes of a spec: its lists, the zipped lists as one axis, and the alternatives of its
 * prompt. Throws `UsageError` if one of them is invalid; `gridFaults` adds its path in the spec.
 */
export function gridAxes({ prompt, axes, zip }: VaryingFields): GridAxis[] {
  const { placeholders, variants } = promptTemplate(prompt ?? '{prompt}');
  const axisAt = (path: string, name: string, values: readonly NamedValue[]) =>
    gridAxis({ name, place: path, values, isWord: placeholders.includes(name) });
  const zipped = Object.entries(zip ?? {}).map(([name, values]) => axisAt(`zip.${name}`, name, values));
  return [
    ...Object.entries(axes ?? {}).map(([name, values]) => axisAt(`axes.${name}`, name, values)),
    ...(zipped.length === 0 ? [] : [zipAxes('zip', zipped)]),
    ...variants.map(({ name, options }) =>
      axisAt(
        'prompt',
        name,
        options.map((value) => ({ name: null, value })),
      ),
    ),
  ];
}

/**
 * Zips several axes to one, whose first value combines the first values of all. Throws `UsageError`
 * if their lengths differ.
 */
function zipAxes(name: string, axes: readonly GridAxis[]): GridAxis {
  const [first, ...others] = axes;
  if (first === undefined) return { name, place: name, values: [] };
  const other = others.find(({ values }) => values.length !== first.values.length);
  if (other !== undefined) {
    throw new UsageError(
      `Expected lists of the same length, got ${first.name} with ${first.values.length} and ${other.name} with ${other.values.length}`,
    );
  }
  const values = first.values.map((_, row) => combined(axes.map((axis) => axis.values[row] ?? nothing)));
  return { name, place: name, values };
}

const nothing: GridValue = { tags: {}, words: {}, input: {} };

function combined(values: readonly GridValue[]): GridValue {
  return values.reduce((row, { tags, words, input, model = row.model }) => ({
    tags: { ...row.tags, ...tags },
    words: { ...row.words, ...words },
    input: { ...row.input, ...input },
    ...(model === undefined ? {} : { model }),
  }));
}

/**
 * Appends values to the old ones. Numbers those with the same name, as long texts may have the same
 * beginning.
 */
export function distinctTags(old: readonly GridValue[], added: readonly GridValue[]): GridValue[] {
  const taken = new Set(old.map(tagOf));
  const named = added.map((value) => {
    const name = tagOf(value);
    let own = name;
    for (let number = 2; taken.has(own); number += 1) own = `${name}-${number}`;
    taken.add(own);
    const [first] = Object.keys(value.tags);
    return own === name || first === undefined ? value : { ...value, tags: { ...value.tags, [first]: own } };
  });
  return [...old, ...named];
}

/** Returns the first tag of a value; the other tags of zipped values need not differ. */
function tagOf({ tags }: GridValue): string {
  return Object.values(tags)[0] ?? '';
}

import { basename, extname } from 'node:path';
import { canonicalJson } from '../../../base/modelInput.ts';
import { UsageError } from '../../../errors.ts';
import { slug } from '../../../sources/planning/fileNames.ts';
import { promptTemplate } from '../../../sources/specs/promptTemplate.ts';
import type { Json, ModelInput } from '../../../types.ts';
import type { GridAxis, GridValue } from './cells.ts';

/** Lists by axis. */
type GridLists = Readonly<Record<string, readonly NamedValue[]>>;

/** What varies, as a spec's fields have it. */
export interface GridFields {
  readonly prompt?: string | null | undefined;
  readonly axes?: GridLists | null | undefined;
  readonly zip?: GridLists | null | undefined;
  readonly input?: ModelInput | null | undefined;
  readonly model?: unknown;
}

/** A value as a spec has it, and what it is called where it was given a name. */
export interface NamedValue {
  readonly name: string | null;
  readonly value: Json;
}

interface GridAxisConfig {
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

/**
 * The axes of a spec: its lists, those that go side by side as one, and the alternatives of its prompt. Throws `UsageError`
 * where one of them cannot be; `gridFaults` says where.
 */
export function gridAxes({ prompt, axes, zip }: GridFields): GridAxis[] {
  const { placeholders, variants } = promptTemplate(prompt ?? '{prompt}');
  const axisAt = (place: string, name: string, values: readonly NamedValue[]) =>
    gridAxis({ name, place, values, isWord: placeholders.includes(name) });
  const sideBySide = Object.entries(zip ?? {}).map(([name, values]) => axisAt(`zip.${name}`, name, values));
  return [
    ...Object.entries(axes ?? {}).map(([name, values]) => axisAt(`axes.${name}`, name, values)),
    ...(sideBySide.length === 0 ? [] : [zipAxes('zip', sideBySide)]),
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
 * One axis of several that go side by side: its first value has the first of each. Throws `UsageError` where they are not
 * equally long.
 */
function zipAxes(name: string, axes: readonly GridAxis[]): GridAxis {
  const [first, ...others] = axes;
  if (first === undefined) return { name, place: name, values: [] };
  const other = others.find(({ values }) => values.length !== first.values.length);
  if (other !== undefined) {
    throw new UsageError(
      `Expected lists of one length, got ${first.name} with ${first.values.length} and ${other.name} with ${other.values.length}`,
    );
  }
  const values = first.values.map((_, row) => side(axes.map((axis) => axis.values[row] ?? nothing)));
  return { name, place: name, values };
}

const nothing: GridValue = { tags: {}, words: {}, input: {} };

function side(values: readonly GridValue[]): GridValue {
  return values.reduce((row, { tags, words, input, model = row.model }) => ({
    tags: { ...row.tags, ...tags },
    words: { ...row.words, ...words },
    input: { ...row.input, ...input },
    ...(model === undefined ? {} : { model }),
  }));
}

/** Values behind those that are there, told apart where they are called the same: long texts may begin alike. */
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

/** Its first tag; of values side by side the others need not differ. */
function tagOf({ tags }: GridValue): string {
  return Object.values(tags)[0] ?? '';
}

import { mapInputStrings } from '../../base/modelInput.ts';
import { ownerAndName } from '../../base/modelName.ts';
import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import type { Job, Json, ModelInput, RenditionSpec } from '../../types.ts';
import { slug } from './fileNames.ts';

export interface JobTemplateConfig {
  /** The day of the run, as `2026-11-23`. Default: today, in UTC. */
  date?: string;
  /**
   * Tags and inputs that a job of the run may have. If given, any other name is an error at once.
   * Default: all.
   */
  knownNames?: readonly string[] | ReadonlySet<string>;
  /** Replaces a value that a job does not have. Default: an empty text. */
  missing?: string;
  /** The whole template that the text is a part of, for messages. Default: the text itself. */
  whole?: string;
}

const builtIn = ['index', 'slug', 'prompt', 'seed', 'model', 'owner', 'date'];
const placeholder = /\{([^{}]*)\}/g;
const maxChars = 200;

/**
 * Reads a text with placeholders: index (from 1; `:04` pads it), slug, prompt, seed, model (or its
 * own name, if it has one), owner, date, and any tag or input. The returned function fills in a
 * job's values, at most 200 characters of each.
 *
 * Throws `UsageError` if a placeholder is malformed or names something that no job has.
 */
export function jobTemplate(template: string, config: JobTemplateConfig = {}): (job: Job) => string {
  checkNames(template, config);
  const { date = today(), missing = '' } = config;
  return (job) =>
    template.replace(placeholder, (_whole, inner: string) => {
      const [name = '', width] = inner.split(':');
      if (name === 'index') return String(job.index + 1).padStart(Number(width ?? 0), '0');
      return textFor(name, job, date) || missing;
    });
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function checkNames(template: string, { knownNames, whole: text = template }: JobTemplateConfig): void {
  const known = knownNames === undefined ? null : [...new Set([...builtIn, ...knownNames])];
  for (const [whole, inner = ''] of template.matchAll(placeholder)) {
    const name = inner.replace(/:0\d+$/, '');
    const isWellFormed = name === inner ? /^(?!ext$)[^:]+$/.test(name) : name === 'index';
    if (isWellFormed && (known === null || known.includes(name))) continue;
    const meant = known === null ? null : nearestName(name, known);
    throw new UsageError(`Expected a placeholder that a job has, got ${whole} in ${text}`, {
      suggestion:
        meant === null ? `Placeholders: ${(known ?? builtIn).join(', ')}.` : `Did you mean {${meant}}?`,
    });
  }
}

function textFor(name: string, { prompt, model, input, tags }: Job, date: string): string {
  const [owner, modelName] = ownerAndName(model);
  switch (name) {
    case 'slug':
      return slug(prompt === '' ? inputFileName(input) : prompt);
    case 'prompt':
      return prompt.slice(0, maxChars);
    case 'model':
      return fieldText('model', tags) || modelName;
    case 'owner':
      return owner;
    case 'date':
      return date;
    default:
      return fieldText(name, { ...input, ...tags });
  }
}

/**
 * Returns the name of the first file among the inputs; a job without a prompt is named after it.
 */
function inputFileName(input: ModelInput): string {
  const texts: string[] = [];
  mapInputStrings(input, (_path, text) => {
    texts.push(text);
    return text;
  });
  const name = texts.find((text) => /^(?!data:).*\.\w{2,4}(\?.*)?$/i.test(text)) ?? '';
  return name
    .replace(/\?.*$/, '')
    .replace(/^.*[/\\]/, '')
    .replace(/\.\w+$/, '');
}

function fieldText(name: string, fields: Readonly<Record<string, Json>>): string {
  const value = Object.hasOwn(fields, name) ? (fields[name] ?? '') : '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, maxChars);
}

/** Returns the renditions of a job, with its own values in their captions. */
type Captions = (job: Job) => readonly RenditionSpec[];

/**
 * Creates a function that fills the placeholders of captions, which are those of paths; a missing
 * value becomes an empty text. The function throws `UsageError` if a caption names something that
 * no job has. Jobs without captions keep their list.
 */
export function createCaptions(config: Pick<JobTemplateConfig, 'date' | 'knownNames'>): Captions {
  const templates = new Map<string, (job: Job) => string>();
  const templateOf = (text: string) => {
    const found = templates.get(text) ?? jobTemplate(text, config);
    templates.set(text, found);
    return found;
  };
  return (job) => {
    if (job.renditions.every(({ caption }) => caption === undefined)) return job.renditions;
    return job.renditions.map((spec) => {
      if (spec.caption === undefined) return spec;
      return { ...spec, caption: { ...spec.caption, text: templateOf(spec.caption.text)(job) } };
    });
  };
}

/** Throws `UsageError` if a caption of the renditions names something that no job has. */
export function checkCaptions(
  specs: readonly RenditionSpec[],
  config: Pick<JobTemplateConfig, 'date' | 'knownNames'>,
): void {
  for (const { caption } of specs) {
    if (caption !== undefined) jobTemplate(caption.text, config);
  }
}

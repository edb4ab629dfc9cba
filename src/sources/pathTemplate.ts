import { UsageError } from '../errors.ts';
import type { Job, Json } from '../types.ts';
import { nearestName } from './nearestName.ts';
import { safePath } from './safePath.ts';
import { slug } from './slug.ts';

export interface PathTemplateConfig {
  /** The run's day, as `2026-11-23`. */
  date: string;
  /** Tags and inputs that a job of the run may have. Where given, any other name is an error at once. Default: all. */
  knownNames?: Iterable<string>;
}

/** The path of a job's files below the run folder, `/` between folders, without extension. */
export type PathOf = (job: Job) => string;

const shorthands = new Map([
  ['flat', '{index:04}-{slug}'],
  ['date', '{date}/{index:04}-{slug}'],
  ['prompt', '{slug}/{index:04}-{slug}'],
  ['model', '{model}/{index:04}-{slug}'],
]);

const builtIn = ['index', 'slug', 'prompt', 'seed', 'model', 'owner', 'date'];
const placeholder = /\{([^{}]*)\}/g;
const maxFolders = 8;

/**
 * Reads a way to organise files: `flat`, `date`, `prompt`, `model`, or a template such as
 * `{platform}/{index:04}-{slug}.{ext}`. The placeholders are index (from 1, as people count; `:04` pads it), slug,
 * prompt, seed, model, owner, date, and any tag or input; a job that has no value for one gets `none`.
 *
 * Paths are safe on all systems and stay in the run folder, whatever stands in a prompt; they are not unique yet.
 * Throws `UsageError` where the template leaves the run folder, has broken braces, or names something no job has.
 */
export function pathTemplate(organize: string, config: PathTemplateConfig): PathOf {
  const template = (shorthands.get(organize) ?? organize).replace(/\.\{ext\}$/, '');
  const segments = template.split(/[/\\]/);
  checkShape(organize, template, segments);
  checkNames(organize, template, config.knownNames);
  const folders = segments.filter((segment) => segment !== '' && segment !== '.');
  return (job) => safePath(folders.map((segment) => filled(segment, job, config.date)));
}

function checkShape(organize: string, template: string, segments: readonly string[]): void {
  const literal = template.replace(placeholder, '');
  const fault = ((): string | null => {
    if (template.trim() === '') return 'an empty one';
    if (/[{}]/.test(literal)) return 'a brace without its partner';
    if (/^([/\\~]|[A-Za-z]:)/.test(template)) return 'an absolute path';
    if (segments.some((segment) => segment.trim() === '..')) return 'one that leaves the run folder with ..';
    if (/[/\\]$/.test(template)) return 'one that ends with a folder';
    return segments.length > maxFolders ? `${segments.length - 1} folders, above ${maxFolders - 1}` : null;
  })();
  if (fault === null) return;
  throw new UsageError(`Expected a path template below the run folder, got ${fault}: ${organize}`, {
    suggestion: 'Use flat, date, prompt, model, or a template such as {model}/{index:04}-{slug}.',
  });
}

function checkNames(organize: string, template: string, knownNames: Iterable<string> | undefined): void {
  const known = knownNames === undefined ? null : [...new Set([...builtIn, ...knownNames])];
  for (const [whole, inner = ''] of template.matchAll(placeholder)) {
    const name = inner.replace(/:0\d+$/, '');
    const isWellFormed = name === inner ? /^(?!ext$)[^:]+$/.test(name) : name === 'index';
    if (isWellFormed && (known === null || known.includes(name))) continue;
    const meant = known === null ? null : nearestName(name, known);
    throw new UsageError(`Expected a placeholder that a job has, got ${whole} in ${organize}`, {
      suggestion: meant === null ? `Known: ${(known ?? builtIn).join(', ')}.` : `Did you mean {${meant}}?`,
    });
  }
}

function filled(segment: string, job: Job, date: string): string {
  return segment.replace(placeholder, (_whole, inner: string) => {
    const [name = '', width] = inner.split(':');
    if (name === 'index') return String(job.index + 1).padStart(Number(width ?? 0), '0');
    return textFor(name, job, date) || 'none';
  });
}

function textFor(name: string, { prompt, model, input, tags }: Job, date: string): string {
  const [owner = '', modelName = ''] = model.split('/');
  switch (name) {
    case 'slug':
      return slug(prompt);
    case 'prompt':
      return prompt.slice(0, 200);
    case 'model':
      return modelName;
    case 'owner':
      return owner;
    case 'date':
      return date;
    default:
      return fieldText(name, { ...input, ...tags });
  }
}

function fieldText(name: string, fields: Readonly<Record<string, Json>>): string {
  const value = Object.hasOwn(fields, name) ? (fields[name] ?? '') : '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200);
}

import { UsageError } from '../../errors.ts';
import type { Job } from '../../types.ts';
import { safePath } from './fileNames.ts';
import { type JobTemplateConfig, jobTemplate } from './jobTemplate.ts';

/** The values of placeholders, and the size of folders. */
export interface PathTemplateConfig extends Pick<JobTemplateConfig, 'date' | 'knownNames'> {
  /**
   * Maximum number of jobs per folder: adds folders `0001-1000`, `1001-2000`, … for 1,000. They do
   * not depend on the total number of jobs. Default: no limit.
   */
  folderSize?: number;
}

/**
 * Returns the path of a job's files below the run folder, with `/` between folders, without
 * extension.
 */
export type PathOf = (job: Job) => string;

const shorthands = new Map([
  ['flat', '{index:04}-{slug}'],
  ['date', '{date}/{index:04}-{slug}'],
  ['prompt', '{slug}/{index:04}-{slug}'],
  ['model', '{model}/{index:04}-{slug}'],
]);

const placeholder = /\{([^{}]*)\}/g;
const maxFolders = 8;

/**
 * Reads a layout of files: `flat`, `date`, `prompt`, `model`, or a template such as
 * `{platform}/{index:04}-{slug}.{ext}`. The placeholders are index (from 1; `:04` pads it), slug,
 * prompt and model (or their own names, if they have some), seed, owner, date, and any tag or
 * input. A value that a job does not have becomes `none`.
 *
 * Paths are safe on all systems and never leave the run folder, for any prompt; they are not unique
 * yet. Throws `UsageError` if the template leaves the run folder, has broken braces, or names
 * something that no job has.
 */
export function pathTemplate(organize: string, config: PathTemplateConfig = {}): PathOf {
  const template = (shorthands.get(organize) ?? organize).replace(/\.\{ext\}$/, '');
  const segments = template.split(/[/\\]/);
  checkShape(organize, template, segments);
  const folders = segments
    .filter((segment) => segment !== '' && segment !== '.')
    .map((segment) => jobTemplate(segment, { ...config, missing: 'none', whole: organize }));
  return (job) => {
    const parts = folders.map((folderOf) => folderOf(named(job)));
    const name = parts.pop() ?? '';
    return safePath([...parts, ...rangeOf(job, config.folderSize), name]);
  };
}

/** Replaces a prompt by its name, if it has one, as the gallery does. */
function named(job: Job): Job {
  const { prompt = job.prompt } = job.tags;
  return { ...job, prompt };
}

function rangeOf({ index }: Job, size: number | undefined): readonly string[] {
  if (size === undefined) return [];
  const first = index - (index % size) + 1;
  return [`${padded(first)}-${padded(first + size - 1)}`];
}

/** Pads a number to four digits, as in file names, so that folders sort by number. */
function padded(number: number): string {
  return String(number).padStart(4, '0');
}

function checkShape(organize: string, template: string, segments: readonly string[]): void {
  const literal = template.replace(placeholder, '');
  const fault = ((): string | null => {
    if (template.trim() === '') return 'an empty one';
    if (/[{}]/.test(literal)) return 'an unmatched brace';
    if (/^([/\\~]|[A-Za-z]:)/.test(template)) return 'an absolute path';
    if (segments.some((segment) => segment.trim() === '..')) return 'one that leaves the run folder with ..';
    if (/[/\\]$/.test(template)) return 'a folder without a file name';
    return segments.length > maxFolders ? `${segments.length - 1} folders, above ${maxFolders - 1}` : null;
  })();
  if (fault === null) return;
  throw new UsageError(`Expected a path template below the run folder, got ${fault}: ${organize}`, {
    suggestion: 'Use flat, date, prompt, model, or a template such as {model}/{index:04}-{slug}.',
  });
}

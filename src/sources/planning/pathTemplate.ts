import { UsageError } from '../../errors.ts';
import type { Job } from '../../types.ts';
import { safePath } from './fileNames.ts';
import { type JobTemplateConfig, jobTemplate } from './jobTemplate.ts';

/** What placeholders may stand for, and how full folders may get. */
export interface PathTemplateConfig extends Pick<JobTemplateConfig, 'date' | 'knownNames'> {
  /**
   * Jobs of a folder at most: the files of each so many numbers go into one more folder, `0001-1000`, `1001-2000`, …, which stays
   * the same however many there are in the end. Default: no limit.
   */
  folderSize?: number;
}

/** The path of a job's files below the run folder, `/` between folders, without extension. */
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
 * Reads a way to organise files: `flat`, `date`, `prompt`, `model`, or a template such as
 * `{platform}/{index:04}-{slug}.{ext}`. The placeholders are index (from 1, as people count; `:04` pads it), slug,
 * prompt (or the name that it has), seed, model, owner, date, and any tag or input; a job that has no value for one gets `none`.
 *
 * Paths are safe on all systems and stay in the run folder, whatever stands in a prompt; they are not unique yet.
 * Throws `UsageError` where the template leaves the run folder, has broken braces, or names something no job has.
 */
export function pathTemplate(organize: string, config: PathTemplateConfig): PathOf {
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

/** A prompt that was given a name is called that in paths, as it is in the gallery. */
function named(job: Job): Job {
  const { prompt = job.prompt } = job.tags;
  return { ...job, prompt };
}

function rangeOf({ index }: Job, size: number | undefined): readonly string[] {
  if (size === undefined) return [];
  const first = index - (index % size) + 1;
  return [`${padded(first)}-${padded(first + size - 1)}`];
}

/** As file names count, so that they sort as they do. */
function padded(number: number): string {
  return String(number).padStart(4, '0');
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

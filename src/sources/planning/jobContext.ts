import { mapInputStrings } from '../../base/modelInput.ts';
import { option, UsageError } from '../../errors.ts';
import { expectDistinctNames } from '../../renditions/lists.ts';
import { parseRendition } from '../../renditions/notation.ts';
import type { InputFiles, Model, ModelInput, ModelSchema, RenditionSpec } from '../../types.ts';
import { checkInputs } from '../modelInputs/checkInput.ts';
import { inputFiles } from '../modelInputs/inputFiles.ts';

/** The settings that all jobs of a run share. */
export interface JobContext {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest one. */
  readonly version: string | null;
  /** Null if the model publishes none: then all columns of a prompt file are tags. */
  readonly schema: ModelSchema | null;
  /** Extra inputs for every job, already of the right types. A row's own values win. */
  readonly input: ModelInput;
  /** The files that texts in `input` name; `inputFiles` finds them. Default: none. */
  readonly files?: InputFiles;
  /**
   * Base of the relative paths in a row, or a spec; its files, and those below it, may be named.
   * Default: the working directory.
   */
  readonly folder?: string;
  /**
   * Further folders whose files may be named, or single files; `any` for every file of this
   * machine. Default: none.
   */
  readonly allowFiles?: readonly string[] | 'any';
  /** Images per prompt, 1 or more. */
  readonly count: number;
  /**
   * `auto`: a repeatable seed for each job, if the model has that input and neither the row nor
   * `input` gives one. A number N: N, N+1, … by job index, under the same conditions. `none`: no
   * seed is added.
   */
  readonly seed: 'auto' | 'none' | number;
  readonly renditions: readonly RenditionSpec[];
  /** Maximum number of jobs: the first ones are made. Default: all. */
  readonly limit?: number;
}

/** The settings that all jobs of a run share. All but the model may be left out. */
export interface JobContextConfig extends Partial<Omit<JobContext, 'model' | 'renditions'>> {
  /**
   * `owner/name`, `owner/name:version`, or the model that `getModel` emits. Only with its schema
   * are columns of a prompt file inputs, and does it get seeds.
   */
  readonly model: string | Model;
  /** As objects, or as `instagram_post` or `thumb=320x240,inside,webp`. Default: none. */
  readonly renditions?: readonly (string | RenditionSpec)[];
}

/**
 * Fills in the fields that a context leaves out: the newest version, no input, one image per
 * prompt, seeds `auto`, no renditions. Throws `UsageError` if a rendition cannot be read,
 * or two have the same name.
 */
export function createJobContext(config: JobContextConfig): JobContext {
  const { model, renditions = [], ...given } = config;
  const named = typeof model === 'string' ? { name: model, schema: null } : model;
  const [name = '', version = null] = named.name.split(':');
  const defaults = { version, schema: named.schema, input: {}, count: 1, seed: 'auto' } as const;
  const specs = renditions.map((each) => (typeof each === 'string' ? parseRendition(each) : each));
  expectDistinctNames(specs);
  return { ...defaults, ...given, model: name, renditions: specs };
}

/**
 * Throws `UsageError` if the settings of a run do not fit its model: the model has no `prompt`
 * input, an extra input is unknown or refused by its schema, or a count, limit or seed is not a
 * valid integer.
 */
export function checkJobContext(config: JobContextConfig): void {
  const context = createJobContext(config);
  checkTakesPrompt(context);
  checkJobSettings(context);
}

/** Throws `UsageError` if a model has no `prompt` input. */
export function checkTakesPrompt({ model, schema }: Pick<JobContext, 'model' | 'schema'>): void {
  if (schema === null || schema.properties.prompt !== undefined) return;
  const names = Object.keys(schema.properties).join(', ');
  throw new UsageError(`Expected a model that takes a prompt, got ${model}, which takes ${names}`, {
    suggestion: `Give a table without prompts, or choose another model with ${option('--model')}.`,
  });
}

/**
 * Throws `UsageError` as `checkJobContext` does, but for a model without a `prompt` input: those
 * that enlarge a picture or remove its background take none.
 */
export function checkJobSettings(context: JobContext): void {
  const { model, schema, input, count, seed, limit } = context;
  expectInteger('count', count, 1);
  if (limit !== undefined) expectInteger('limit', limit, 1);
  if (typeof seed === 'number') expectInteger('seed', seed, 0);
  if (schema !== null) checkInputs(model, schema, input);
}

function expectInteger(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new UsageError(`Expected \`${name}\` to be an integer of ${minimum} or more, got ${value}`);
}

/** The limit of the official client. */
const maxDataChars = 10_000_000;

/**
 * Finds the files of a job: those of its own inputs, and those of the context that the job does not
 * override.
 *
 * Rejects with `UsageError` as `inputFiles` does, and if all `data:` URLs together are too long.
 */
export async function filesOfJob(
  own: ModelInput,
  context: Pick<JobContext, 'schema' | 'folder' | 'allowFiles' | 'files' | 'input'>,
): Promise<InputFiles> {
  checkData({ ...context.input, ...own });
  const shared = Object.entries(context.files ?? {}).filter(
    ([path]) => !Object.hasOwn(own, inputNameOf(path)),
  );
  return { ...Object.fromEntries(shared), ...(await inputFiles(own, context)) };
}

/** Returns the name of the input that a path is in: `image_input` for `image_input[1]`. */
function inputNameOf(path: string): string {
  return path.replace(/(\[\d+\])+$/, '');
}

function checkData(input: ModelInput): void {
  let chars = 0;
  mapInputStrings(input, (_path, text) => {
    if (/^data:/i.test(text)) chars += text.length;
    return text;
  });
  if (chars <= maxDataChars) return;
  throw new UsageError(
    `Expected data: URLs of at most ${maxDataChars} characters in total, got ${chars}; give the path of a file instead`,
  );
}

import { mapInputStrings } from '../../base/modelInput.ts';
import { UsageError } from '../../errors.ts';
import type { InputFiles, ModelInput, ModelSchema, RenditionSpec } from '../../types.ts';
import { checkInputs } from '../modelInputs/checkInput.ts';
import { inputFiles } from '../modelInputs/inputFiles.ts';

/** What the jobs of a run have in common. */
export interface JobContext {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest. */
  readonly version: string | null;
  /** Null where the model publishes none: then all columns of a prompt file are tags. */
  readonly schema: ModelSchema | null;
  /** Extra inputs for every job, already of the right types; a row's own values win. */
  readonly input: ModelInput;
  /** The files that texts of `input` stand for; `inputFiles` finds them. Default: none. */
  readonly files?: InputFiles;
  /** Where the paths of a row's files begin. Default: the working directory. */
  readonly folder?: string;
  /** Images of each prompt, 1 or more. */
  readonly count: number;
  /**
   * `auto`: a repeatable seed for each job where the model has that input and neither row nor `input` gives one.
   * A number N: N, N+1, … by job index, likewise. `none`: no seed is added.
   */
  readonly seed: 'auto' | 'none' | number;
  readonly renditions: readonly RenditionSpec[];
  /** Only the first so many jobs. */
  readonly limit?: number;
}

/**
 * Throws `UsageError` where the settings of a run cannot be right for its model: no `prompt` input, an extra input
 * that the model does not have or that its schema refuses, a count or limit that is no number of things.
 */
export function checkJobContext(context: JobContext): void {
  const { model, schema, input, count, seed, limit } = context;
  expectInteger('count', count, 1);
  if (limit !== undefined) expectInteger('limit', limit, 1);
  if (typeof seed === 'number') expectInteger('seed', seed, 0);
  if (schema === null) return;
  const names = Object.keys(schema.properties);
  if (schema.properties.prompt === undefined) {
    throw new UsageError(
      `Expected a model that takes a prompt, got ${model}, which takes ${names.join(', ')}`,
    );
  }
  checkInputs(model, schema, input);
}

function expectInteger(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new UsageError(`Expected \`${name}\` to be an integer of ${minimum} or more, got ${value}`);
}

/** What the official client lets pass. */
const maxDataChars = 10_000_000;

/**
 * The files of a job: those of its own inputs, and those of the context where the job does not give another value.
 *
 * Rejects with `UsageError` as `inputFiles` does, and where `data:` URLs are too long together.
 */
export async function filesOfJob(
  own: ModelInput,
  context: Pick<JobContext, 'schema' | 'folder' | 'files' | 'input'>,
): Promise<InputFiles> {
  checkData({ ...context.input, ...own });
  const shared = Object.entries(context.files ?? {}).filter(([place]) => !Object.hasOwn(own, nameAt(place)));
  return { ...Object.fromEntries(shared), ...(await inputFiles(own, context)) };
}

/** Of the input that a place is in. */
function nameAt(place: string): string {
  return place.replace(/(\[\d+\])+$/, '');
}

function checkData(input: ModelInput): void {
  let chars = 0;
  mapInputStrings(input, (_place, text) => {
    if (/^data:/i.test(text)) chars += text.length;
    return text;
  });
  if (chars <= maxDataChars) return;
  throw new UsageError(
    `Expected data: URLs of at most ${maxDataChars} characters together, got ${chars}; give the path of a file instead`,
  );
}

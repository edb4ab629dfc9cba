import { UsageError } from '../errors.ts';
import { mapTexts } from '../mapTexts.ts';
import type { InputFiles, ModelInput } from '../types.ts';
import { inputFiles } from './inputFiles.ts';
import type { JobContext } from './JobContext.ts';

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
  mapTexts(input, (_place, text) => {
    if (/^data:/i.test(text)) chars += text.length;
    return text;
  });
  if (chars <= maxDataChars) return;
  throw new UsageError(
    `Expected data: URLs of at most ${maxDataChars} characters together, got ${chars}; give the path of a file instead`,
  );
}

import type { Observable, SchedulerLike } from 'rxjs';
import { fromAbortable } from '../fromAbortable.ts';
import type { Gate } from '../operators/createGate.ts';
import { createUploads } from '../operators/createUploads.ts';
import type { Provider } from '../ports.ts';
import { readInputFile } from '../readInputFile.ts';
import type { InputFile } from '../types.ts';

export interface FileAddressesConfig {
  /** Bounds the uploads that are under way. */
  within: Gate;
  /** Time for one prediction: so long its files must be there. */
  timeoutMs: number;
  /** Clock of expiry and waits. */
  scheduler: SchedulerLike;
  /** 0…1, for jitter. */
  random: () => number;
}

/** The way back of an answer, and a bit. */
const MARGIN_MS = 60_000;

/**
 * How requests name files: by the URL of an upload, each content uploaded once; inside of the request where the provider
 * takes no uploads. Emits `InputFileError` where a file is not what it was, `ProviderError` where it cannot be uploaded.
 *
 * Small files are uploaded as well: the service says of `data:` URLs that it does not store them, and a lost create is known
 * again by its input alone; besides, each answer and each page of a list repeats the inputs.
 */
export function fileAddresses(
  { uploadFile }: Provider,
  { timeoutMs, ...config }: FileAddressesConfig,
): (file: InputFile) => Observable<string> {
  if (uploadFile === undefined) return (file) => fromAbortable(() => dataUrl(file));
  return createUploads({ ...config, upload: uploadFile, neededMs: timeoutMs + MARGIN_MS }).urlOf;
}

async function dataUrl(file: InputFile): Promise<string> {
  const content = Buffer.from(await readInputFile(file));
  return `data:${file.mediaType};base64,${content.toString('base64')}`;
}

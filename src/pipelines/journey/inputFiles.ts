import { concatMap, defer, from, map, type Observable, of, type SchedulerLike, toArray } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { mapInputStrings } from '../../base/modelInput.ts';
import { readInputFile } from '../../disk/copyFiles.ts';
import type { Gate } from '../../operators/gate.ts';
import { createUploads } from '../../operators/stages/uploads.ts';
import type { Provider } from '../../ports.ts';
import type { InputFile, InputFiles, PredictionRequest } from '../../types.ts';
import type { Shared } from './run.ts';

/**
 * Returns the request as it is sent: uploads its files, and replaces their stand-ins by their
 * addresses.
 */
export function withFiles(
  request: PredictionRequest,
  files: InputFiles | undefined,
  run: Pick<Shared, 'addressOf'>,
): Observable<PredictionRequest> {
  if (files === undefined) return of(request);
  return defer(() =>
    from(filesIn(request, files)).pipe(
      concatMap(([path, file]) => run.addressOf(file).pipe(map((address) => [path, address] as const))),
      toArray(),
      map((pairs) => {
        const addresses = new Map(pairs);
        const { model, version = null } = request;
        const input = mapInputStrings(request.input, (path, text) => addresses.get(path) ?? text);
        return { model, version, input };
      }),
    ),
  );
}

/**
 * Lists the files that a request names, by their paths in the input. A fallback may not take all of
 * a plan's files.
 */
function filesIn({ input }: PredictionRequest, files: InputFiles): [string, InputFile][] {
  const found: [string, InputFile][] = [];
  mapInputStrings(input, (path, text) => {
    const file = files[path];
    if (file !== undefined) found.push([path, file]);
    return text;
  });
  return found;
}

interface FileAddressesConfig {
  /** Bounds the uploads in flight. */
  within: Gate;
  /** Time for one prediction; its files must stay available so long. */
  timeoutMs: number;
  /** Clock of expiry and waits. */
  scheduler: SchedulerLike;
  /** 0…1, for jitter. */
  random: () => number;
}

/** Time for the response's way back, with a reserve. */
const MARGIN_MS = 60_000;

/**
 * Returns a function that emits the address by which requests name a file: the URL of an upload,
 * each content uploaded once, or a `data:` URL if the provider takes no uploads. It emits
 * `InputFileError` if a file has changed, `ProviderError` if it cannot be uploaded.
 *
 * Small files are uploaded too. The service does not store `data:` URLs, and a lost create request
 * is recognized by its input alone; besides, every response and every page of a list repeats the
 * inputs.
 */
export function fileAddresses(
  { uploadFile }: Provider,
  { within, timeoutMs, scheduler, random }: FileAddressesConfig,
): (file: InputFile) => Observable<string> {
  if (uploadFile === undefined) return (file) => fromAbortable(() => dataUrl(file));
  const neededMs = timeoutMs + MARGIN_MS;
  return createUploads({ upload: uploadFile, within, neededMs, scheduler, random }).urlOf;
}

async function dataUrl(file: InputFile): Promise<string> {
  const content = Buffer.from(await readInputFile(file));
  return `data:${file.mediaType};base64,${content.toString('base64')}`;
}

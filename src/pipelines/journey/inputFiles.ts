import { concatMap, defer, from, map, type Observable, of, type SchedulerLike, toArray } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { mapInputStrings } from '../../base/modelInput.ts';
import { readInputFile } from '../../disk/copyFiles.ts';
import type { Gate } from '../../operators/gate.ts';
import { createUploads } from '../../operators/stages/uploads.ts';
import type { Provider } from '../../ports.ts';
import type { InputFile, InputFiles, PredictionRequest } from '../../types.ts';
import type { Run } from './run.ts';

/** The request as it is sent: what stands for a file becomes its address, once the service has the file. */
export function withFiles(
  request: PredictionRequest,
  files: InputFiles | undefined,
  run: Pick<Run, 'addressOf'>,
): Observable<PredictionRequest> {
  if (files === undefined) return of(request);
  return defer(() =>
    from(filesIn(request, files)).pipe(
      concatMap(([place, file]) => run.addressOf(file).pipe(map((address) => [place, address] as const))),
      toArray(),
      map((pairs) => {
        const addresses = new Map(pairs);
        const { model, version } = request;
        const input = mapInputStrings(request.input, (place, text) => addresses.get(place) ?? text);
        return { model, version, input };
      }),
    ),
  );
}

/** Another model may not take all of a plan's inputs. */
function filesIn({ input }: PredictionRequest, files: InputFiles): [string, InputFile][] {
  const found: [string, InputFile][] = [];
  mapInputStrings(input, (place, text) => {
    const file = files[place];
    if (file !== undefined) found.push([place, file]);
    return text;
  });
  return found;
}

interface FileAddressesConfig {
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

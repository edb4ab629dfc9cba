import { concatMap, defer, from, map, type Observable, of, toArray } from 'rxjs';
import { mapTexts } from '../mapTexts.ts';
import type { InputFile, InputFiles, PredictionRequest } from '../types.ts';
import type { Run } from './createRun.ts';

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
        const input = mapTexts(request.input, (place, text) => addresses.get(place) ?? text);
        return { model, version, input };
      }),
    ),
  );
}

/** Another model may not take all of a plan's inputs. */
function filesIn({ input }: PredictionRequest, files: InputFiles): [string, InputFile][] {
  const found: [string, InputFile][] = [];
  mapTexts(input, (place, text) => {
    const file = files[place];
    if (file !== undefined) found.push([place, file]);
    return text;
  });
  return found;
}

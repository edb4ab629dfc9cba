import {
  catchError,
  concat,
  defer,
  EMPTY,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { expectConcurrency, flattenAll } from '../../base/items/flattenAll.ts';
import {
  costOfMade,
  type Downloaded,
  type Failed,
  failItem,
  type ItemRequest,
  isFailed,
  type Rendered,
  type RenderedOriginal,
} from '../../base/items/item.ts';
import { encoderConcurrency } from '../../base/pictures.ts';
import { RenderError } from '../../errors.ts';
import type { DownloadTarget, ProvenanceWriter, Renderer } from '../../ports.ts';
import type { ImageFile, RenditionSpec } from '../../types.ts';

export interface RenditionsConfig {
  /** Wraps the encoding of each job: in a gate shared by all jobs, for example. Default: none. */
  within?: MonoTypeOperatorFunction<readonly RenderedOriginal[]>;
  /**
   * Applied to each rendition; `item` is the one that it belongs to. Default: renditions stay as
   * they were encoded.
   */
  embedProvenance?: (
    ...image: [...Parameters<ProvenanceWriter>, item: Downloaded]
  ) => ReturnType<ProvenanceWriter>;
  /**
   * Called with the originals of an item that cannot be decoded or rendered, if there are any; then
   * the item is emitted with the others. Default: the item has failed with the error of the first.
   */
  onRefused?: (refused: readonly RefusedOriginal[], item: Downloaded) => void;
  /**
   * Returns true for files to replace; others keep their names, and the new one gets `-2` behind
   * its own. Default: no file is replaced, unless it has the same content.
   */
  mayReplace?: DownloadTarget['mayReplace'];
  /**
   * Items at a time: an integer of 1 or more, or Infinity. Default: one a core, as far as Node's
   * pool has threads.
   */
  concurrency?: number;
}

/** An original that cannot be decoded, or of which a rendition cannot be made. */
export interface RefusedOriginal {
  readonly original: ImageFile;
  readonly error: RenderError;
}

/**
 * Makes all renditions of each item's originals and emits the item with them. Checks originals of
 * which no renditions are asked for.
 *
 *     item                   (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)       after `check`, if the renderer has it
 *
 * `specs` are the renditions; null: those of each request (a plan has some), or none. Renders
 * `concurrency` items at a time; others wait. An item has failed with `RenderError` if no original
 * can be decoded; without `onRefused` also if one cannot. Its originals stay on disk, and the
 * others go on. Emits an error only if it is no item's: `StorageError` if the disk refuses. Items
 * in work are finished first; unsubscribing drops them.
 */
export function renditions(
  renderer: Renderer,
  specs: readonly RenditionSpec[] | null = null,
  config: RenditionsConfig = {},
): <R extends ItemRequest>(
  source: Observable<Downloaded<R> | Failed<R>>,
) => Observable<Rendered<R> | Failed<R>> {
  const { concurrency = encoderConcurrency(), within = identity } = config;
  const { embedProvenance, onRefused, mayReplace = () => false } = config;
  expectConcurrency(concurrency);
  return <R extends ItemRequest>(source: Observable<Downloaded<R> | Failed<R>>) =>
    source.pipe(
      flattenAll<Downloaded<R> | Failed<R>, Rendered<R> | Failed<R>>(
        (item) => {
          if (isFailed(item)) return of(item);
          const { prediction, request, files } = item;
          return defer(() =>
            renderOriginals(files, renderer, specs ?? request.renditions ?? [], {
              mayReplace,
              ...(onRefused && { onRefused: (refused) => onRefused(refused, item) }),
              ...(embedProvenance && {
                embedProvenance: (bytes, format) => embedProvenance(bytes, format, item),
              }),
            }),
          ).pipe(
            within,
            map((images) => ({ ...item, images })),
            catchError((error: unknown) => {
              const { costMicroUsd } = costOfMade(item);
              return of(failItem(item, error, { stage: 'rendering', prediction, costMicroUsd }));
            }),
          );
        },
        { concurrency },
      ),
    );
}

/** The settings of `renderOriginals`, as in `RenditionsConfig`. */
interface RenderConfig {
  embedProvenance?: ProvenanceWriter;
  onRefused?: (refused: readonly RefusedOriginal[]) => void;
  mayReplace?: DownloadTarget['mayReplace'];
}

/** Makes the renditions of the originals of one item, and emits them all together. */
export function renderOriginals(
  originals: readonly ImageFile[],
  renderer: Renderer,
  specs: readonly RenditionSpec[],
  { embedProvenance, onRefused, mayReplace = () => false }: RenderConfig = {},
): Observable<readonly RenderedOriginal[]> {
  if (originals.length === 0) return of([]);
  const render = (original: ImageFile): Observable<RenderedOriginal> =>
    specs.length === 0
      ? concat(renderer.check?.(original) ?? EMPTY, of({ original, renditions: [] }))
      : renderer
          .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
          .pipe(map((files) => ({ original, renditions: files })));
  const rendered = originals.map((original) =>
    onRefused === undefined ? render(original) : render(original).pipe(orRefused(original)),
  );
  return forkJoin(rendered).pipe(map((found) => usable(found, onRefused)));
}

/** Turns the error of one original into a value, so that the others are rendered. */
function orRefused(
  original: ImageFile,
): OperatorFunction<RenderedOriginal, RenderedOriginal | RefusedOriginal> {
  return catchError((error: unknown) =>
    error instanceof RenderError ? of({ original, error }) : throwError(() => error),
  );
}

/** Returns the originals that were rendered; throws the error of the first if none was. */
function usable(
  found: readonly (RenderedOriginal | RefusedOriginal)[],
  onRefused: RenderConfig['onRefused'] = () => {},
): readonly RenderedOriginal[] {
  const refused = found.filter((one) => 'error' in one);
  if (refused.length > 0) onRefused(refused);
  const [first] = refused;
  if (first !== undefined && refused.length === found.length) throw first.error;
  return found.filter((one) => 'renditions' in one);
}

/** Returns a path without its extension. */
function stemOf(path: string): string {
  return path.replace(/\.[^./\\]+$/, '');
}

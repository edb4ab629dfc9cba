import {
  catchError,
  concat,
  defer,
  EMPTY,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
  merge,
  type Observable,
  of,
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

/**
 * Makes all renditions of each item's originals and emits the item with them. Checks originals of
 * which no renditions are asked for.
 *
 *     item                   (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)       after `check`, if the renderer has it
 *
 * `specs` are the renditions; null: those of each request (a plan has some), or none. Renders
 * `concurrency` items at a time; others wait. An item has failed with `RenderError` if an original
 * cannot be decoded; its originals stay on disk, and the others go on. Emits an error only if it is
 * no item's: `StorageError` if the disk refuses. Items in work are finished first; unsubscribing
 * drops them.
 */
export function renditions(
  renderer: Renderer,
  specs: readonly RenditionSpec[] | null = null,
  config: RenditionsConfig = {},
): <R extends ItemRequest>(
  source: Observable<Downloaded<R> | Failed<R>>,
) => Observable<Rendered<R> | Failed<R>> {
  const { concurrency = encoderConcurrency(), within = identity } = config;
  const { embedProvenance, mayReplace = () => false } = config;
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
  mayReplace?: DownloadTarget['mayReplace'];
}

/** Makes the renditions of the originals of one item, and emits them all together. */
export function renderOriginals(
  originals: readonly ImageFile[],
  renderer: Renderer,
  specs: readonly RenditionSpec[],
  { embedProvenance, mayReplace = () => false }: RenderConfig = {},
): Observable<readonly RenderedOriginal[]> {
  if (specs.length === 0 || originals.length === 0) return checked(renderer, originals);
  return forkJoin(
    originals.map((original) =>
      renderer
        .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
        .pipe(map((files) => ({ original, renditions: files }))),
    ),
  );
}

/** Emits originals without renditions once each has been checked. */
function checked(
  renderer: Renderer,
  originals: readonly ImageFile[],
): Observable<readonly RenderedOriginal[]> {
  const checks = originals.map((original) => renderer.check?.(original) ?? EMPTY);
  return concat(merge(...checks), of(originals.map((original) => ({ original, renditions: [] }))));
}

/** Returns a path without its extension. */
function stemOf(path: string): string {
  return path.replace(/\.[^./\\]+$/, '');
}

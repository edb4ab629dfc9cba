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
  throwIfEmpty,
} from 'rxjs';
import { expectConcurrency, flattenAll } from '../../base/items/flattenAll.ts';
import {
  costOfMade,
  type Downloaded,
  type Failed,
  failItem,
  type ItemRequest,
  isFailed,
  type RefusedOriginal,
  type Rendered,
  type RenderedOriginal,
  type UnusableOutputs,
} from '../../base/items/item.ts';
import { encoderConcurrency } from '../../base/pictures.ts';
import { RenderError } from '../../errors.ts';
import type { DownloadTarget, ProvenanceWriter, Renderer } from '../../ports.ts';
import type { ImageFile, RenditionSpec } from '../../types.ts';
import { expectMethods } from '../internal/options.ts';

export interface RenditionsConfig {
  /** Wraps the encoding of each job: in a gate shared by all jobs, for example. Default: none. */
  within?: MonoTypeOperatorFunction<RenderedParts>;
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
   * Items at a time: an integer of 1 or more, or Infinity. Default: one a core, but no more than
   * the threads of Node's pool.
   */
  concurrency?: number;
}

/** The originals of an item: those that could be rendered, and the others if there are some. */
export type RenderedParts = Pick<Rendered, 'images' | 'refused'>;

/**
 * Makes all renditions of each item's originals and emits the item with them. Checks originals of
 * which no renditions are asked for.
 *
 *     item                   (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)       after `check`, if the renderer has it
 *
 * `specs` are the renditions; null: those of each request (a plan has some), or none. Renders
 * `concurrency` items at a time; others wait. If some originals cannot be decoded or rendered, the
 * item continues with the others and names those as `refused`; if none can, it has failed with the
 * `RenderError` of the first. Originals stay on disk. Emits an error only if it is no item's:
 * `StorageError` if the disk refuses. Items in work are finished first; unsubscribing drops them.
 */
export function renditions(
  renderer: Renderer,
  specs: readonly RenditionSpec[] | null = null,
  config: RenditionsConfig = {},
): <R extends ItemRequest>(
  source: Observable<Downloaded<R> | Failed<R>>,
) => Observable<Rendered<R> | Failed<R>> {
  expectMethods(renderer, 'renderer', 'a renderer, as createRenderer makes', 'render');
  const { concurrency = encoderConcurrency(), within = identity } = config;
  const { embedProvenance, mayReplace = () => false } = config;
  expectConcurrency(concurrency);
  return <R extends ItemRequest>(source: Observable<Downloaded<R> | Failed<R>>) =>
    source.pipe(
      flattenAll<Downloaded<R> | Failed<R>, Rendered<R> | Failed<R>>(
        (item) => {
          if (isFailed(item)) return of(item);
          const { request, files } = item;
          const placed = files.map((file, output) => ({ output, ...file }));
          return defer(() =>
            renderOriginals(placed, renderer, specs ?? request.renditions ?? [], {
              mayReplace,
              ...(embedProvenance && {
                embedProvenance: (bytes, format) => embedProvenance(bytes, format, item),
              }),
            }),
          ).pipe(
            within,
            throwIfEmpty(() => nothingRendered(item)),
            map((parts) => withParts(item, parts)),
            catchError((error: unknown) => of(failedRendering(item, error))),
          );
        },
        { concurrency },
      ),
    );
}

/** Returns an item with its rendered images; it has failed if there are none. */
function withParts<R extends ItemRequest>(
  item: Downloaded<R>,
  { images, refused = [] }: RenderedParts,
): Rendered<R> | Failed<R> {
  const [first] = refused;
  if (first === undefined) return { ...item, images: item.missing ? images : images.map(withoutOutput) };
  return images.length === 0 ? failedRendering(item, first.error, { refused }) : { ...item, images, refused };
}

function nothingRendered({ prediction }: Downloaded): RenderError {
  return new RenderError(
    'ERR_FUNCTION_VALUE',
    `Expected \`render\` to emit the renditions of prediction ${prediction.id}, got nothing`,
    { suggestion: 'Correct the renderer, or `within`. The originals are on disk.' },
  );
}

function failedRendering<R extends ItemRequest>(
  item: Downloaded<R>,
  error: unknown,
  unusable: UnusableOutputs = {},
): Failed<R> {
  const { prediction, missing } = item;
  const { costMicroUsd } = costOfMade(item);
  const end = { stage: 'rendering', prediction, costMicroUsd, ...(missing && { missing }) } as const;
  return failItem(item, error, { ...end, ...unusable });
}

function withoutOutput({ original: { output: _all, ...original }, renditions }: RenderedOriginal) {
  return { original, renditions };
}

/** The settings of `renderOriginals`, as in `RenditionsConfig`. */
interface RenderConfig {
  embedProvenance?: ProvenanceWriter;
  mayReplace?: DownloadTarget['mayReplace'];
}

/**
 * Makes the renditions of the originals of one item, and emits them all together, with the
 * originals of which none can be made.
 */
export function renderOriginals(
  originals: readonly ImageFile[],
  renderer: Renderer,
  specs: readonly RenditionSpec[],
  { embedProvenance, mayReplace = () => false }: RenderConfig = {},
): Observable<RenderedParts> {
  if (originals.length === 0) return of({ images: [] });
  const render = (original: ImageFile): Observable<RenderedOriginal> =>
    specs.length === 0
      ? concat(renderer.check?.(original) ?? EMPTY, of({ original, renditions: [] }))
      : renderer
          .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
          .pipe(map((files) => ({ original, renditions: files })));
  return forkJoin(originals.map((original) => render(original).pipe(orRefused(original)))).pipe(map(partsOf));
}

/** Turns the error of one original into a value, so that the others are rendered. */
function orRefused(
  original: ImageFile,
): OperatorFunction<RenderedOriginal, RenderedOriginal | RefusedOriginal> {
  return catchError((error: unknown) =>
    error instanceof RenderError ? of({ original, error }) : throwError(() => error),
  );
}

function partsOf(found: readonly (RenderedOriginal | RefusedOriginal)[]): RenderedParts {
  const images = found.filter((one) => 'renditions' in one);
  const refused = found.filter((one) => 'error' in one);
  return refused.length === 0 ? { images } : { images, refused };
}

/** Returns a path without its extension. */
function stemOf(path: string): string {
  return path.replace(/\.[^./\\]+$/, '');
}

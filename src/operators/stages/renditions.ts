import {
  catchError,
  concat,
  concatMap,
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
import { RenderError } from '../../errors.ts';
import type { DownloadTarget, ProvenanceWriter, Renderer } from '../../ports.ts';
import type { ImageFile, RenderedFile, RenditionSpec } from '../../types.ts';

export interface RenditionsConfig {
  /** Wraps the encoding of each job: in a gate shared by all jobs, for example. Default: none. */
  within?: MonoTypeOperatorFunction<readonly RenderedOriginal[]>;
  /** Applied to each rendition. Default: renditions stay as they were encoded. */
  embedProvenance?: ProvenanceWriter;
  /**
   * Called with the originals that cannot be decoded or rendered, if there are any; then the others
   * are emitted. Default: the error of the first is emitted.
   */
  onRefused?: (refused: readonly RefusedOriginal[]) => void;
  /** Returns true for files to replace; others keep their names. Default: any file is replaced. */
  mayReplace?: DownloadTarget['mayReplace'];
}

/** An original and its renditions. */
export interface RenderedOriginal {
  readonly original: ImageFile;
  readonly renditions: readonly RenderedFile[];
}

/** An original that cannot be decoded, or of which a rendition cannot be made. */
export interface RefusedOriginal {
  readonly original: ImageFile;
  readonly error: RenderError;
}

/**
 * Makes all renditions of each set of originals and emits originals and renditions together. Checks
 * originals of which no renditions are asked for.
 *
 *     originals              (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)       after `check`, if the renderer has it
 *
 * Emits `RenderError` if no original can be decoded; without `onRefused` also if one cannot. Emits
 * `StorageError` if the disk refuses.
 */
export function renditions(
  renderer: Renderer,
  specs: readonly RenditionSpec[],
  config: RenditionsConfig = {},
): OperatorFunction<readonly ImageFile[], readonly RenderedOriginal[]> {
  const { within = identity, embedProvenance, onRefused, mayReplace } = config;
  const render = (original: ImageFile): Observable<RenderedOriginal> =>
    specs.length === 0
      ? concat(renderer.check?.(original) ?? EMPTY, of({ original, renditions: [] }))
      : renderer
          .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
          .pipe(map((files) => ({ original, renditions: files })));
  return concatMap((originals) => {
    const rendered = originals.map((original) =>
      onRefused === undefined ? render(original) : render(original).pipe(orRefused(original)),
    );
    const all = rendered.length === 0 ? of([]) : forkJoin(rendered);
    return within(all.pipe(map((found) => usable(found, onRefused))));
  });
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
  onRefused: RenditionsConfig['onRefused'] = () => {},
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

import {
  concat,
  concatMap,
  EMPTY,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
} from 'rxjs';
import type { DownloadTarget, ProvenanceWriter, Renderer } from '../../ports.ts';
import type { ImageFile, RenderedFile, RenditionSpec } from '../../types.ts';

export interface RenditionsConfig {
  /** Wraps the encoding of each job: in a gate shared by all jobs, for example. Default: none. */
  within?: MonoTypeOperatorFunction<readonly RenderedOriginal[]>;
  /** Applied to each rendition. Default: renditions stay as they were encoded. */
  embedProvenance?: ProvenanceWriter;
  /** Returns true for files to replace; others keep their names. Default: any file is replaced. */
  mayReplace?: DownloadTarget['mayReplace'];
}

/** An original and its renditions. */
export interface RenderedOriginal {
  readonly original: ImageFile;
  readonly renditions: readonly RenderedFile[];
}

/**
 * Makes all renditions of each set of originals and emits originals and renditions together. Checks
 * originals of which no renditions are asked for.
 *
 *     originals              (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)       after `check`, if the renderer has it
 *
 * Emits `RenderError` if an original cannot be decoded, `StorageError` if the disk refuses.
 */
export function renditions(
  renderer: Renderer,
  specs: readonly RenditionSpec[],
  config: RenditionsConfig = {},
): OperatorFunction<readonly ImageFile[], readonly RenderedOriginal[]> {
  const { within = identity, embedProvenance, mayReplace } = config;
  return concatMap((originals) => {
    if (specs.length === 0) return within(checked(renderer, originals));
    const rendered = originals.map((original) =>
      renderer
        .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
        .pipe(map((files) => ({ original, renditions: files }))),
    );
    return within(forkJoin(rendered));
  });
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

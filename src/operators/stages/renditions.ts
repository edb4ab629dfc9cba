import {
  concatMap,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
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
 * Makes all renditions of each set of originals and emits originals and renditions together.
 *
 *     originals              (f|)
 *     rendering of 4 ms      ----(r|)
 *     no renditions          (r|)
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
    if (specs.length === 0) return of(originals.map((original) => ({ original, renditions: [] })));
    const rendered = originals.map((original) =>
      renderer
        .render(original, specs, stemOf(original.path), embedProvenance, mayReplace)
        .pipe(map((files) => ({ original, renditions: files }))),
    );
    return within(forkJoin(rendered));
  });
}

/** Returns a path without its extension. */
function stemOf(path: string): string {
  return path.replace(/\.[^./\\]+$/, '');
}

import { concatMap, map, type OperatorFunction, pipe, tap } from 'rxjs';
import type { RenderedOriginal } from '../../base/items/item.ts';
import { gate } from '../../operators/gate.ts';
import { renderOriginals } from '../../operators/stages/renditions.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import type { ImageFile, RenditionSpec } from '../../types.ts';
import { type JobState, mayReplace } from './job.ts';
import { datedPrediction } from './provenance.ts';
import type { RunHooks, RunLimits, RunOutputs, RunServices } from './run.ts';

/** The groups of a run that rendering reads. */
type Rendering = Pick<RunServices, 'renderer'> &
  Pick<RunLimits, 'encoders'> &
  Pick<RunOutputs, 'provenanceWriters'> &
  Pick<RunHooks, 'filesOf' | 'emit'>;

/**
 * Renders the plan's renditions of each original, at most as many originals at a time as the run
 * has encoder slots, those with AVIFs last, and embeds their provenance. Emits once, with every
 * original and its renditions; those that cannot be rendered are left out, and noted in the job.
 */
export function renderRenditions(
  job: JobState,
  run: Rendering,
): OperatorFunction<readonly ImageFile[], readonly RenderedOriginal[]> {
  return pipe(
    map((originals) => {
      job.stage = 'rendering';
      job.refused = [];
      return originals.map((original, output) => ({ output, ...original }));
    }),
    concatMap((originals) =>
      renderOriginals(originals, run.renderer, job.plan.renditions, {
        mayReplace: mayReplace(job, run),
        ...provenanceOf(job, run),
      }).pipe(gate(run.encoders, { isPatient: job.plan.renditions.some(isSlow) })),
    ),
    map(({ images, refused = [] }) => {
      job.refused = refused;
      const [first] = refused;
      if (images.length === 0 && first !== undefined) throw first.error;
      return images;
    }),
    tap((rendered) => warnOfMissing(rendered, job, run)),
  );
}

/** AVIF takes ten times as long as the others, and must not hold them up. */
function isSlow({ format }: RenditionSpec): boolean {
  return format === 'avif';
}

/** Image formats that are stored as they came, because sharp cannot decode them. */
const UNDECODABLE = new Set([
  'bmp',
  'jp2',
  'jpx',
  'jpm',
  'heic',
  'heif',
  'jxl',
  'jxr',
  'ico',
  'icns',
  'psd',
  'cr2',
  'dng',
]);

/** Warns if an image has no renditions because its format cannot be decoded here. */
function warnOfMissing(
  rendered: readonly RenderedOriginal[],
  { plan: { index, renditions: specs } }: JobState,
  { emit }: Pick<RunHooks, 'emit'>,
): void {
  if (specs.length === 0) return;
  for (const { original, renditions: files } of rendered) {
    if (files.length > 0 || !UNDECODABLE.has(original.format)) continue;
    const message = `Image #${index + 1} has no renditions: ${original.format} cannot be decoded here. The original is saved.`;
    emit({ type: 'warning', message });
  }
}

/**
 * Returns the job's provenance writer. It reads the job's prediction late, because only the
 * originals decide which one it is.
 */
function provenanceOf(
  job: JobState,
  { provenanceWriters }: Pick<RunOutputs, 'provenanceWriters'>,
): { embedProvenance?: ProvenanceWriter } {
  if (provenanceWriters === null) return {};
  const embedProvenance: ProvenanceWriter = async (bytes, format) => {
    const { prediction, plan } = job;
    return prediction === null
      ? bytes
      : provenanceWriters(datedPrediction(prediction, job), plan)(bytes, format);
  };
  return { embedProvenance };
}

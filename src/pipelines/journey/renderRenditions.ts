import type { OperatorFunction } from 'rxjs';
import { gate } from '../../operators/gate.ts';
import { type RenderedOriginal, renditions } from '../../operators/stages/renditions.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import type { ImageFile } from '../../types.ts';
import type { JobState } from './job.ts';
import type { RunLimits, RunOutputs, RunServices } from './run.ts';

type Rendering = Pick<RunServices, 'renderer'> &
  Pick<RunLimits, 'encoders'> &
  Pick<RunOutputs, 'provenanceWriters'>;

/**
 * Renders the plan's renditions of each original, at most as many originals at a time as the run has encoder slots, and
 * embeds their provenance. Emits once, with every original and its renditions.
 */
export function renderRenditions(
  job: JobState,
  run: Rendering,
): OperatorFunction<readonly ImageFile[], readonly RenderedOriginal[]> {
  return renditions(run.renderer, job.plan.renditions, {
    within: gate(run.encoders),
    ...provenanceOf(job, run),
  });
}

/** The prediction behind an image is known only once the image is there, so it is read when an image is marked. */
function provenanceOf(
  job: JobState,
  { provenanceWriters }: Rendering,
): { embedProvenance?: ProvenanceWriter } {
  if (provenanceWriters === null) return {};
  const embedProvenance: ProvenanceWriter = async (bytes, format) => {
    const { prediction, plan } = job;
    return prediction === null ? bytes : provenanceWriters(prediction, plan)(bytes, format);
  };
  return { embedProvenance };
}

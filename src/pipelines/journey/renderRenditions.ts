import type { OperatorFunction } from 'rxjs';
import { gate } from '../../operators/gate.ts';
import { type RenderedOriginal, renditions } from '../../operators/stages/renditions.ts';
import type { Mark } from '../../ports.ts';
import type { ImageFile } from '../../types.ts';
import type { JobState } from './job.ts';
import type { RunLimits, RunOutputs, RunServices } from './run.ts';

type Rendering = Pick<RunServices, 'renderer'> & Pick<RunLimits, 'encoders'> & Pick<RunOutputs, 'marks'>;

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
    ...markOf(job, run),
  });
}

/** The prediction behind an image is known only once the image is there, so it is read when an image is marked. */
function markOf(job: JobState, { marks }: Rendering): { mark?: Mark } {
  if (marks === null) return {};
  const mark: Mark = async (bytes, format) => {
    const { prediction, plan } = job;
    return prediction === null ? bytes : marks(prediction, plan)(bytes, format);
  };
  return { mark };
}

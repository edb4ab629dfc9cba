import type { EmitEvent } from '../../events/runEvent.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import { embedProvenance, type Unmarked } from '../../provenance/embedProvenance.ts';
import type { PictureSigner } from '../../provenance/signPicture.ts';
import { xmpProperties } from '../../provenance/xmp.ts';
import type { Plan, Prediction, ProvenanceLevel } from '../../types.ts';
import type { JobState } from './job.ts';

/** Returns the function that writes the provenance of a prediction into its images. */
export type ProvenanceWriters = (prediction: Prediction, plan: Plan) => ProvenanceWriter;

interface ProvenanceWritersConfig {
  readonly provenance: ProvenanceLevel;
  /** Name of the service; null if it has none. */
  readonly service: string | null;
  /** Signs images, after their provenance is embedded; null: no signature. */
  readonly sign: PictureSigner | null;
  readonly emit: EmitEvent;
}

/**
 * Creates the provenance writers of a run; null if images are neither to carry provenance nor to be
 * signed. Warns once about each kind of image that cannot carry provenance, or cannot be signed.
 */
export function createProvenanceWriters({
  provenance,
  service,
  sign,
  emit,
}: ProvenanceWritersConfig): ProvenanceWriters | null {
  if (provenance === 'none' && sign === null) return null;
  const warned = new Set<string>();
  const warnOnce = (message: string) => {
    if (warned.has(message)) return;
    warned.add(message);
    emit({ type: 'warning', message });
  };
  return (prediction, { prompt }) => {
    const { id, model, version, completedAt } = prediction;
    const properties =
      provenance === 'none'
        ? null
        : xmpProperties({
            model,
            // Official models have one version, which has no name.
            version: version === 'hidden' ? null : version,
            prompt: provenance === 'full' ? prompt : null,
            predictionId: id,
            service,
            completedAt,
          });
    return async (bytes, format) => {
      const result = embedProvenance(bytes, format, properties);
      if ('unmarked' in result) {
        warnOnce(REASONS[result.unmarked](format, model));
        return bytes;
      }
      if (sign === null) return result.marked;
      const signed = await sign(result.marked, format, model, service);
      if (signed === result.marked)
        warnOnce(`Images in the format ${format} are not signed: only JPEG and PNG can be.`);
      return signed;
    };
  };
}

const REASONS: Readonly<Record<Unmarked, (format: string, model: string) => string>> = {
  format: (format) => `Images in the format ${format} carry no provenance: the format has no field for it.`,
  signed: (_format, model) =>
    `Images of ${model} come with a signed C2PA manifest that states their provenance, and are left unchanged.`,
  unreadable: (format) => `An image in the format ${format} carries no provenance: its structure is unknown.`,
};

/**
 * Returns a prediction as its images state it. If its output came before the service named its end,
 * it ended when the response came: the files are not written again for the exact moment.
 */
export function datedPrediction(
  prediction: Prediction,
  { respondedAtMs }: Pick<JobState, 'respondedAtMs'>,
): Prediction {
  if (prediction.completedAt !== null || respondedAtMs === null) return prediction;
  return { ...prediction, completedAt: new Date(respondedAtMs).toISOString() };
}

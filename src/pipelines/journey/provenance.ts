import type { EmitEvent } from '../../events/runEvent.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import { embedProvenance, type Unmarked } from '../../provenance/embedProvenance.ts';
import type { PictureSigner } from '../../provenance/signPicture.ts';
import { xmpProperties } from '../../provenance/xmp.ts';
import type { Plan, Prediction, ProvenanceLevel } from '../../types.ts';

/** Marks of a run's pictures: what writes into those of a prediction where they are from. */
export type ProvenanceWriters = (prediction: Prediction, plan: Plan) => ProvenanceWriter;

interface ProvenanceWritersConfig {
  readonly provenance: ProvenanceLevel;
  /** Signs what is marked, last of all; null: nothing is signed. */
  readonly sign: PictureSigner | null;
  readonly emit: EmitEvent;
}

/**
 * Says once of each kind of picture that cannot be marked, or signed, that it is not. Null where neither is wished: pictures stay as
 * they are.
 */
export function createProvenanceWriters({
  provenance,
  sign,
  emit,
}: ProvenanceWritersConfig): ProvenanceWriters | null {
  if (provenance === 'none' && sign === null) return null;
  const told = new Set<string>();
  const tellOnce = (message: string) => {
    if (told.has(message)) return;
    told.add(message);
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
            completedAt,
          });
    return async (bytes, format) => {
      const result = embedProvenance(bytes, format, properties);
      if ('unmarked' in result) {
        tellOnce(REASONS[result.unmarked](format, model));
        return bytes;
      }
      if (sign === null) return result.marked;
      const signed = await sign(result.marked, format, model);
      if (signed === result.marked)
        tellOnce(`Pictures in the format ${format} are not signed: only JPEG and PNG can be.`);
      return signed;
    };
  };
}

const REASONS: Readonly<Record<Unmarked, (format: string, model: string) => string>> = {
  format: (format) =>
    `Pictures in the format ${format} do not say where they are from: it has no place for it.`,
  signed: (_format, model) =>
    `Pictures of ${model} have a signed C2PA manifest of their own, which says where they are from, and are left as they are.`,
  unreadable: (format) => `A ${format} picture does not say where it is from: it is built in an unknown way.`,
};

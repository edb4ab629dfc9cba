import type { EmitEvent, Mark } from '../ports.ts';
import { markPicture, type Unmarked } from '../provenance/markPicture.ts';
import { xmpProperties } from '../provenance/xmpProperties.ts';
import type { Plan, Prediction, ProvenanceLevel } from '../types.ts';

/** Marks of a run's pictures: what writes into those of a prediction where they are from. */
export type Marks = (prediction: Prediction, plan: Plan) => Mark;

/** Says once of each kind of picture that cannot be marked that it is not. Null with `none`: pictures stay as they are. */
export function createMarks(level: ProvenanceLevel, emit: EmitEvent): Marks | null {
  if (level === 'none') return null;
  const told = new Set<string>();
  const tellOnce = (message: string) => {
    if (told.has(message)) return;
    told.add(message);
    emit({ type: 'warning', message });
  };
  return (prediction, { prompt }) => {
    const { id, model, version, completedAt } = prediction;
    const properties = xmpProperties({
      model,
      // Official models have one version, which has no name.
      version: version === 'hidden' ? null : version,
      prompt: level === 'full' ? prompt : null,
      predictionId: id,
      completedAt,
    });
    return async (bytes, format) => {
      const result = markPicture(bytes, format, properties);
      if ('marked' in result) return result.marked;
      tellOnce(REASONS[result.unmarked](format, model));
      return bytes;
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

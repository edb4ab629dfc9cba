import type { JournalEntry } from '../ports.ts';

/** The prediction that an entry names; null where it names none. */
export function predictionIdOf(entry: JournalEntry): string | null {
  switch (entry.type) {
    case 'created':
      return entry.predictionId;
    case 'downloaded':
      return entry.prediction.id;
    case 'outcome':
      return entry.outcome.predictionId;
    default:
      return null;
  }
}

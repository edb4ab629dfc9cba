import type { Counters } from '../createCounters.ts';
import type { Predictions } from '../createPredictions.ts';
import type { Uploads } from '../createUploads.ts';
import type { SimulatorSettings } from '../readSettings.ts';

/** What the routes of the API work with. */
export interface ApiContext {
  readonly settings: SimulatorSettings;
  readonly predictions: Predictions;
  readonly uploads: Uploads;
  readonly counters: Counters;
}

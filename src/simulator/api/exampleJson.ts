import type { SimulatedModel } from '../models/SimulatedModel.ts';
import { versionOf } from '../models/versionOf.ts';

/** One white pixel. */
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAACklEQVQI12P4DwABAQEAG7buVgAAAABJRU5ErkJggg==';

const outputs = { list: [PICTURE], single: PICTURE, text: ['I ', 'see ', 'a ', 'lighthouse', '.'] } as const;

const CREATED_AT = '2025-01-01T00:00:00Z';
const STARTED_AT = '2025-01-01T00:00:01Z';

/** The prediction that shows what a model can do, as its author would have saved it on the web. */
export function exampleJson(model: SimulatedModel, apiUrl: string) {
  const version = versionOf(model);
  const id = version.slice(0, 26);
  const seconds = model.medianMs / 1_000;
  const times = { predict_time: seconds, total_time: seconds };
  return {
    id,
    model: model.name,
    version: model.isOfficial ? 'hidden' : version,
    input: { prompt: 'A lighthouse at dawn' },
    logs: '',
    output: outputs[model.output],
    data_removed: false,
    error: null,
    status: 'succeeded',
    source: 'web',
    created_at: CREATED_AT,
    started_at: STARTED_AT,
    completed_at: new Date(Date.parse(STARTED_AT) + model.medianMs).toISOString(),
    urls: {
      cancel: `${apiUrl}/predictions/${id}/cancel`,
      get: `${apiUrl}/predictions/${id}`,
      web: `https://replicate.com/p/${id}`,
    },
    metrics: model.output === 'text' ? times : { image_count: 1, ...times },
  };
}

import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { createCall } from '../database/partCalls.ts';
import type { PartsInHand } from './partsInHand.ts';

const claimsSchema = z.array(
  z.object({ id: z.string(), run: z.int(), job_index: z.int(), attempt: z.int() }),
);

/** A lost create request is looked for within the hour for which the service keeps outputs. */
const CLAIMS = `
  SELECT coalesce(json_agg(json_build_object('id', id, 'run', run, 'job_index', job_index, 'attempt', attempt)),
    '[]') AS claims
  FROM rx.prediction WHERE claimed_at > clock_timestamp() - interval '75 minutes'`;

/**
 * Emits the ids of all claimed predictions that no attempt in the hands of this worker can have: a
 * claim of such an attempt may be that of its last owner, who died before it noted the prediction.
 */
export function claimsOfOthers(
  { query }: Pick<Database, 'query'>,
  parts: Pick<PartsInHand, 'of'>,
): Observable<readonly string[]> {
  return createCall(query)(CLAIMS, []).pipe(
    map(({ claims }) =>
      claimsSchema.parse(claims).flatMap(({ id, run, job_index: index, attempt }) => {
        const record = parts.of(run, index)?.journal.find(index);
        const isLookedFor = record?.predictionId === null && record.attempts === attempt;
        return isLookedFor ? [] : [id];
      }),
    ),
  );
}

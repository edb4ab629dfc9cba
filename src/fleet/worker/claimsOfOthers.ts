import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { createCall } from '../database/partCalls.ts';
import type { PartsInHand } from './partsInHand.ts';

const claimsSchema = z.array(
  z.object({
    id: z.string(),
    run: z.int(),
    job_index: z.int(),
    attempt: z.int(),
    claimed_at_ms: z.number(),
  }),
);
type Claim = z.infer<typeof claimsSchema>[number];

/** A lost create request is looked for within the hour for which the service keeps outputs. */
const OLDEST_MS = 75 * 60_000;
/** Longest time from a claim until its transaction ends, by far: a look goes back so much. */
const OVERLAP_MS = 60_000;
const CLAIMS = `
  SELECT coalesce(json_agg(json_build_object('id', id, 'run', run, 'job_index', job_index, 'attempt', attempt,
    'claimed_at_ms', extract(epoch FROM claimed_at) * 1000)), '[]') AS claims
  FROM rx.prediction WHERE claimed_at > greatest(to_timestamp($1 / 1000.0), clock_timestamp() - interval '75 minutes')`;

/**
 * Creates looks at the claims of the account, of which each reads the claims since the last one.
 * They emit the ids of all claimed predictions that no attempt in the hands of this worker can
 * have: a claim of such an attempt may be that of its last owner, who died before it noted the
 * prediction.
 */
export function claimsOfOthers(
  { query }: Pick<Database, 'query'>,
  parts: Pick<PartsInHand, 'of'>,
): () => Observable<readonly string[]> {
  const known = new Map<string, Claim>();
  let lastMs = 0;
  const isLookedFor = ({ run, job_index: index, attempt }: Claim): boolean => {
    const record = parts.of(run, index)?.journal.find(index);
    return record?.predictionId === null && record.attempts === attempt;
  };
  return () =>
    createCall(query)(CLAIMS, [Math.max(0, lastMs - OVERLAP_MS)]).pipe(
      map(({ claims }) => {
        for (const claim of claimsSchema.parse(claims)) {
          known.set(claim.id, claim);
          lastMs = Math.max(lastMs, claim.claimed_at_ms);
        }
        for (const [id, { claimed_at_ms: atMs }] of known) if (atMs < lastMs - OLDEST_MS) known.delete(id);
        return [...known.values()].filter((claim) => !isLookedFor(claim)).map(({ id }) => id);
      }),
    );
}

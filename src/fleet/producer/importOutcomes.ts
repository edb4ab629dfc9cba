import { concat, concatMap, defer, EMPTY, from, ignoreElements, mergeMap, type Observable } from 'rxjs';
import { pathBelow } from '../../disk/insideFolder.ts';
import type { OpenRun } from '../../pipelines/run/settings.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import type { ImageFile, Outcome, Plan } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import { unpackOutcomes } from '../packedOutcomes.ts';
import { unpackPlans } from '../packedPlans.ts';

/** Parts that are read at a time: about a thousand outcomes. */
const PARTS_AT_ONCE = 40;

/** The parts of a folder that outcomes are entered into. */
type Importing = Pick<OpenRun, 'config' | 'journal' | 'manifest'>;

/**
 * Enters the outcomes of a run that the database has into its folder: manifest, journal, and the
 * plans of failed jobs, as if this machine had made them. Emits each outcome that the folder does
 * not have yet. Takes the memory of some parts.
 */
export function importOutcomes(
  database: Pick<Database, 'query'>,
  run: number,
  into: Importing,
): Observable<Outcome> {
  return from(partsOf(database, run)).pipe(
    concatMap(({ plans, outcomes }) => {
      const fresh = outcomes.filter(({ index }) => !into.manifest.has(index));
      return enter(fresh, new Map(plans.map((plan) => [plan.index, plan])), into);
    }),
  );
}

interface MadeParts {
  readonly plans: readonly Plan[];
  readonly outcomes: readonly Outcome[];
}

/** Yields the parts that are done, in their order, some together. */
async function* partsOf({ query }: Pick<Database, 'query'>, run: number): AsyncGenerator<MadeParts> {
  let last = -1;
  for (;;) {
    const rows = await query(
      `SELECT part, plans, outcomes FROM rx.part
        WHERE run = $1 AND part > $2 AND state = 'done' ORDER BY part LIMIT $3`,
      [run, last, PARTS_AT_ONCE],
    );
    if (rows.length === 0) return;
    const outcomes = await Promise.all(rows.map((row) => unpackOutcomes(bytesOf(row.outcomes))));
    const hasFailed = outcomes.map((some) => some.some(({ status }) => status !== 'saved'));
    // Only the plans of jobs that may be made again are needed.
    const plans = await Promise.all(
      rows.map((row, at) => (hasFailed[at] === true ? unpackPlans(bytesOf(row.plans)) : [])),
    );
    yield { plans: plans.flat(), outcomes: outcomes.flat() };
    last = Number(rows.at(-1)?.part);
  }
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function enter(
  outcomes: readonly Outcome[],
  plans: ReadonlyMap<number, Plan>,
  { config, journal, manifest }: Importing,
): Observable<Outcome> {
  const { folder } = config;
  const failedPlans = storedPlans(folder, 'failed');
  const saved = outcomes.filter(({ status }) => status === 'saved');
  const others = outcomes.filter(({ status }) => status !== 'saved');
  const enterSaved = defer(() => {
    journal.restore(saved.map((outcome) => ({ outcome, files: originalsOf(outcome, folder) })));
    return EMPTY;
  });
  const enterOther = (outcome: Outcome): Observable<never> => {
    const plan = plans.get(outcome.index);
    if (plan === undefined) return EMPTY;
    return concat(
      outcome.status === 'failed' ? failedPlans.store(plan) : EMPTY,
      journal.record(plan, { type: 'outcome', outcome }),
    ).pipe(ignoreElements());
  };
  return concat(
    saved.length === 0 ? EMPTY : enterSaved,
    from(others).pipe(concatMap(enterOther)),
    from(outcomes).pipe(mergeMap((outcome) => manifest.append(outcome))),
  );
}

function originalsOf({ files }: Outcome, folder: string): ImageFile[] {
  return files.flatMap(({ role, path, bytes, sha256, format, width, height }) =>
    role === 'original'
      ? [{ path: pathBelow(folder, path), bytes, sha256, format, widthPx: width, heightPx: height }]
      : [],
  );
}

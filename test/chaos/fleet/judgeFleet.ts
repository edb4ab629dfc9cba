import { openDatabase } from '../../../src/fleet/database/connection.ts';
import type { SimulatorStats } from '../../../src/simulator/index.ts';
import type { AimedPause } from './createBlows.ts';
import type { Grant, GrantWatch } from './watchGrants.ts';

/** A create request as it reached the service; ms since 1970. */
export interface SentCreate {
  readonly prompt: unknown;
  readonly atMs: number;
}

/** The limits of a fleet. */
export interface Allowed {
  readonly slots: number;
  readonly perMinute: number;
}

/** The most that a fleet has done at a time, and how. */
export interface Extremes {
  /** Most create requests in any minute. */
  readonly mostInMinute: number;
  /** Oldest grant that a request was sent with. */
  readonly oldestGrantMs: number;
  /** Pauses at a grant after which its request had not been sent when the worker slept. */
  readonly caught: number;
  /** Highest share of a budget that was reserved and spent; null: no budget. */
  readonly budgetShare: number | null;
  readonly problems: readonly string[];
}

/** A grant may be used for 2 s; the rest is the way there, on a machine with much else to do. */
const LONGEST_GRANT_MS = 5_000;
/** The two clocks are one, but the moments are taken before the commit and after the arrival. */
const CLOCK_MS = 5;
/** A part of a worker that sleeps is taken over later than this. */
const BEFORE_RESCUE_MS = 8_000;
const MINUTE_MS = 60_000;
const SHORT_MS = 10_000;

/**
 * Compares the create requests at the service with the grants of the database: each request has a
 * grant of its own, which is fresh; no minute has more of them than the pace and one in transit,
 * and no ten seconds more than the burst and the refilled tokens; no change of a run has exceeded
 * its budget.
 */
export async function judgeGrants(
  watch: GrantWatch,
  sent: readonly SentCreate[],
  { lines, aimed, perMinute }: Allowed & { lines: readonly string[]; aimed: readonly AimedPause[] },
): Promise<Extremes> {
  const granted = await watch.granted();
  const free = new Map<unknown, Grant[]>();
  for (const grant of granted) {
    const prompt = lines[grant.index];
    free.set(prompt, [...(free.get(prompt) ?? []), grant]);
  }
  const problems: string[] = [];
  const used = new Set<Grant>();
  let oldestGrantMs = 0;
  for (const { prompt, atMs } of sent) {
    const own = (free.get(prompt) ?? []).filter((grant) => !used.has(grant) && grant.atMs <= atMs + CLOCK_MS);
    // The newest that is left: an older one belongs to a request that was never sent.
    const grant = own.at(-1);
    if (grant === undefined) {
      problems.push(`a create request of "${prompt}" has no grant of its own`);
      continue;
    }
    used.add(grant);
    oldestGrantMs = Math.max(oldestGrantMs, atMs - grant.atMs);
  }
  if (oldestGrantMs > LONGEST_GRANT_MS) {
    problems.push(`a create request was sent ${Math.round(oldestGrantMs)} ms after its grant`);
  }
  const mostInMinute = mostWithin(
    sent.map(({ atMs }) => atMs),
    MINUTE_MS,
  );
  if (mostInMinute > perMinute + 1) problems.push(`${mostInMinute} create requests in a minute`);
  problems.push(...judgePace(granted, sent, perMinute));
  const money = await watch.money();
  for (const { mostMicroUsd, limitMicroUsd } of money) {
    if (mostMicroUsd > (limitMicroUsd ?? Number.POSITIVE_INFINITY)) {
      problems.push(`${mostMicroUsd} reserved and spent at a time, with a budget of ${limitMicroUsd}`);
    }
  }
  if (granted.length === 0 || money.length === 0) problems.push('the ledger of grants is empty');
  const shares = money.flatMap(({ mostMicroUsd, limitMicroUsd }) =>
    limitMicroUsd === null ? [] : [mostMicroUsd / limitMicroUsd],
  );
  const isCaught = ({ pid, atMs }: AimedPause) =>
    granted.some(
      (grant) =>
        grant.pid === pid &&
        Math.abs(grant.atMs - atMs) < 2_000 &&
        !sent.some(
          (one) =>
            one.prompt === lines[grant.index] &&
            one.atMs >= grant.atMs - CLOCK_MS &&
            one.atMs < grant.atMs + BEFORE_RESCUE_MS,
        ),
    );
  return {
    ...{ mostInMinute, oldestGrantMs, problems },
    caught: aimed.filter(isCaught).length,
    budgetShare: shares.length === 0 ? null : Math.max(...shares),
  };
}

/** Compares short times with the bucket of the account, by its burst and its refill. */
function judgePace(granted: readonly Grant[], sent: readonly SentCreate[], perMinute: number): string[] {
  // As `generate` sets it.
  const burst = Math.max(1, Math.floor(perMinute / 60));
  const within = (ms: number) => burst + ((perMinute - (burst - 1)) * ms) / MINUTE_MS;
  const [grants, creates] = [granted, sent].map((all) => {
    const moments = all.map(({ atMs }) => atMs).sort((one, other) => one - other);
    return mostWithin(moments, SHORT_MS);
  });
  return [
    ...(Number(grants) > within(SHORT_MS) + 1 ? [`${grants} grants in ten seconds`] : []),
    // Those of a moment may have been granted over so long a time.
    ...(Number(creates) > within(SHORT_MS + LONGEST_GRANT_MS) + 1
      ? [`${creates} create requests in ten seconds`]
      : []),
  ];
}

/**
 * Lists the rows that a fleet has left in its database after its end, and its wrong bookings. Money
 * of jobs that were given up stays reserved, as they may have predictions.
 */
export async function judgeDatabase(
  url: string,
  stats: SimulatorStats,
  hasGivenUp: boolean,
): Promise<string[]> {
  const database = await openDatabase({ url, connections: 1 });
  try {
    const [left = {}] = await database.query(
      `SELECT (SELECT count(*) FROM rx.flight) AS flight, (SELECT count(*) FROM rx.job) AS job,
        (SELECT sum(reserved_micro_usd) FROM rx.run) AS reserved, (SELECT sum(spent_micro_usd) FROM rx.run) AS spent,
        (SELECT count(*) FROM rx.part WHERE state <> 'done') AS parts`,
    );
    return [
      ...(Number(left.flight) + Number(left.job) + Number(left.parts) > 0
        ? [`${left.flight} slots, ${left.job} jobs and ${left.parts} parts are left in the database`]
        : []),
      ...(hasGivenUp || Number(left.reserved) === 0 ? [] : [`${left.reserved} are still reserved`]),
      ...(hasGivenUp || Number(left.spent) === stats.billedMicroUsd
        ? []
        : [`${left.spent} spent, ${stats.billedMicroUsd} billed`]),
    ];
  } finally {
    await database.close();
  }
}

function mostWithin(moments: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, moment] of moments.entries()) {
    while (moment - (moments[first] ?? 0) > windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

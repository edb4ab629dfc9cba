import { diskMutants } from './diskMutants.ts';
import { placeMutants } from './placeMutants.ts';

/** A bug of accounting, as a change of the code: the one place with `from` becomes `to`. */
export interface Mutant {
  /** The effect of the bug. */
  readonly bug: string;
  /** Below `src/`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** A seed whose world it fails. */
  readonly seed?: number;
  /** Crashes of that world. Default: as many as the seed draws. */
  readonly crashes?: number;
  /** In place of a seed: a state after a power cut that it fails (`npm run powercut`). */
  readonly state?: number;
}

const journey = 'pipelines/journey';
const lost = 'operators/predictions/lost';

/**
 * Bugs of accounting that were found so far, and flushes, claims and entries taken away in turn.
 * The simulation finds every one at its seed. `npm run simulate -- --mutant NAME` looks for others,
 * when worlds or code have changed.
 */
export const mutants: Readonly<Record<string, Mutant>> = {
  ...diskMutants,
  ...placeMutants,
  'no-intent': {
    bug: 'The intent was not in the journal before the create request.',
    file: `${journey}/attempt/beginAttempt.ts`,
    from: 'const recorded = run.journal.record(plan, {',
    to: 'const recorded = { ...run.journal, record: () => EMPTY as Observable<void> }.record(plan, {',
    seed: 1,
  },
  'early-commit': {
    bug: 'An entry was confirmed before its transaction was committed.',
    file: 'store/journal/groupCommit.ts',
    from: '    timer ??= scheduler.schedule(flush, waitMs);',
    to: '    timer ??= scheduler.schedule(flush, waitMs + 500); subscriber.next(); subscriber.complete();',
    seed: 2,
  },
  'no-id': {
    bug: 'The id of a prediction was not in the journal, nor claimed from it.',
    file: 'operators/predictions/claims.ts',
    from: 'const taken = new Set(known);',
    to: 'const taken = new Set([...known].slice(0, 0));',
    seed: 3,
  },
  'no-claim': {
    bug: 'Two jobs took one prediction for their own.',
    file: 'operators/predictions/claims.ts',
    from: 'const isFree = !taken.has(id);',
    to: 'const isFree = true;',
    seed: 428,
  },
  'lost-is-refused': {
    bug: 'A create request whose connection broke was sent again.',
    file: 'providers/http/fetchOnce.ts',
    from: "tookEffect: method === 'GET' ? 'no' : 'unknown', suggestion: 'Check the network.'",
    to: "tookEffect: 'no', suggestion: 'Check the network.'",
    seed: 11,
  },
  'error-is-refused': {
    bug: 'A create request that was answered with a 5xx was sent again.',
    file: 'providers/http/errorAnswers.ts',
    from: "refusals: 'none',\n    reaction:\n      'retries; looks up",
    to: "refusals: 'all',\n    reaction:\n      'retries; looks up",
    seed: 19,
  },
  'page-is-refused': {
    bug: 'The page of a gateway counted as a refusal by the service.',
    file: 'providers/http/responseError.ts',
    from: 'const isOfService = isDirect || isProblem(reason);',
    to: 'const isOfService = true;',
    seed: 190,
  },
  'unreadable-is-refused': {
    bug: 'A create request whose response could not be read was sent again.',
    file: 'providers/http/responseError.ts',
    from: "tookEffect: isCreate ? 'unknown' : 'no',",
    to: "tookEffect: 'no',",
    seed: 42,
  },
  'any-response': {
    bug: 'The response to another create request was taken for that of this one.',
    file: 'operators/predictions/matching/matchRequest.ts',
    from: "return match === 'other' || isShorter ? 'prompt' : null;",
    to: "return match === 'other' || isShorter ? null : null;",
    seed: 2,
  },
  'settled-at-once': {
    bug: 'A list that lagged was believed: a lost request counted as never made after some seconds.',
    file: `${lost}/judgeLook.ts`,
    from: 'Math.max(SETTLED_MS, LATE_MS + LAG_RESERVE * own.longestLagMs)',
    to: '5_000',
    seed: 2,
  },
  'absent-is-unmade': {
    bug: 'A lost request counted as never made without a later prediction in the list.',
    file: `${lost}/judgeLook.ts`,
    from: 'return ageMs >= LISTED_FOR_SURE_MS || own.latestListedMs(listed) > endedAtMs;',
    to: 'return ageMs >= 0 || own.latestListedMs(listed) > endedAtMs;',
    seed: 24,
  },
  'no-late-arrival': {
    bug: 'A prediction that was made after the connection broke was not that of the request.',
    file: `${lost}/attempt.ts`,
    from: 'const LATE_MS = 30_000;',
    to: 'const LATE_MS = 0;',
    seed: 265,
  },
  'echo-must-equal': {
    bug: 'A prediction whose input the service shows with its defaults was not found.',
    file: 'operators/predictions/matching/matchRequest.ts',
    from: "return isSameSize(sent, shown.values) ? 'equal' : 'same';",
    to: "return isSameSize(sent, shown.values) ? 'equal' : 'other';",
    seed: 11,
  },
  'list-has-inputs': {
    bug: 'Predictions that the list shows without their inputs were not asked for by id.',
    file: `${lost}/takeLook.ts`,
    from: 'if (hasInput(prediction) || dataRemoved || isClaimed(id)) return false;',
    to: 'if (id !== undefined) return false;',
    seed: 2,
  },
  'budget-of-one-run': {
    bug: 'The spending of earlier runs did not count in the budget.',
    file: 'pipelines/run/runConfig.ts',
    from: 'spentMicroUsd: store.spentMicroUsd(),',
    to: 'spentMicroUsd: 0,',
    seed: 15,
  },
  'fall-back-anyway': {
    bug: 'A fallback was paid although a prediction of the job was open.',
    file: `${journey}/makePrediction.ts`,
    from: 'if (job.open !== null || (turnsAhead(job) > 0 && isPlatformFault(error))) return false;',
    to: 'if (isUncertainError(error)) return true;\n  if (turnsAhead(job) > 0 && isPlatformFault(error)) return false;\n  function isUncertainError(one: unknown) { return one instanceof ProviderError && job.open !== null; }',
    seed: 24,
  },
  'failed-is-closed': {
    bug: 'A failed job forgot its open attempt, and the next run paid again.',
    file: 'store/entries.ts',
    from: "if (outcome.status !== 'saved') return { ...record, state: outcome.status };",
    to: "if (outcome.status !== 'saved') return { ...record, ...CLOSED, state: outcome.status };",
    seed: 11,
  },
  'not-resumed': {
    bug: 'An attempt without an id was begun again by the next run.',
    file: `${journey}/attempt/resumeAttempt.ts`,
    from: 'return throwError(() => new LostAttempt(lostAttempt(job, earlier, run), runEnded));',
    to: 'return beginAttempt(job, run);',
    seed: 2,
  },
  'forgotten-is-unpaid': {
    bug: 'The cost of an attempt that ended without an output was not booked.',
    file: `${journey}/attempt/beginAttempt.ts`,
    from: 'const costMicroUsd = run.answers.costOf(prediction) ?? unknownMicroUsd ?? 0;',
    to: 'const costMicroUsd = 25_000;',
    seed: 2,
  },
  'unflushed-output': {
    bug: 'An output was named before it was flushed.',
    file: 'providers/downloads/writeProvenance.ts',
    from: 'else await writeFlushed(path, after);',
    to: "else await (await import('node:fs/promises')).writeFile(path, after, { flag: 'wx' });",
    state: 1,
  },
  'matched-by-index': {
    bug: 'Jobs of a folder were matched by their position, and paid again when the input changed.',
    file: 'pipelines/run/matching/matchInput.ts',
    from: '  await matchPlans(plans, config, run);\n',
    to: '  void matchPlans; void config; void plans;\n',
    seed: 203,
  },
  'moves-not-flushed': {
    bug: 'Moves of a killed process were not flushed: files had their old names after a power cut.',
    file: 'disk/moveFiles.ts',
    from: '    changed.add(dirname(from)).add(dirname(to));\n    if (!existsSync(from)) continue;\n',
    to: '    if (!existsSync(from)) continue;\n    changed.add(dirname(from)).add(dirname(to));\n',
    seed: 20015199,
    crashes: 100,
  },
  'unlisted-files-left': {
    bug: 'Files of a job that had failed before kept the name of its old index when the input changed.',
    file: 'pipelines/run/matching/nextLists.ts',
    from: 'if (!isSettled(job, before, run)) await',
    to: 'if (before === null) await',
    seed: 30005216,
    crashes: 100,
  },
  'gateway-clock': {
    bug: 'A list began too late, by the clock of a gateway, and missed predictions of a killed run.',
    file: 'providers/replicate/listPredictions.ts',
    from: '?? earlierOf(aheadMs)',
    to: '?? aheadMs',
    seed: 1198,
  },
  'moves-forgotten': {
    bug: 'Files that a kill left between two names were not moved on.',
    file: 'pipelines/run/folder/openFolder.ts',
    from: '  await finishMoves(folder, journal);\n',
    to: '',
    seed: 1281,
  },
  'no-slot': {
    bug: 'More predictions were in flight than slots.',
    file: `${journey}/makePrediction.ts`,
    from: '    gate(run.slots),\n    findIfLost',
    to: '    findIfLost',
    seed: 22,
  },
  'no-pace': {
    bug: 'More create requests were sent in a minute than allowed.',
    file: 'operators/pace/governor.ts',
    from: '    own.take();\n',
    to: '',
    seed: 316,
  },
  'open-money-free': {
    bug: 'New jobs got the money of open attempts whose jobs had left the input.',
    file: 'pipelines/run/runConfig.ts',
    from: 'openMicroUsd: store.openMicroUsd(),',
    to: 'openMicroUsd: 0,',
    seed: 2668,
    crashes: 30,
  },
  'canceled-unknown': {
    bug: 'A prediction that was found and cancelled was taken for that of the next attempt, too.',
    file: `${journey}/attempt/resumeAttempt.ts`,
    from: 'concat(recordCreated({ id }, job, run), of(id))',
    to: 'of(id)',
    seed: 27,
    crashes: 100,
  },
  'early-look-ignored': {
    bug: 'Of two equal requests that were lost the second stayed uncertain once the first was made again.',
    file: `${lost}/judgeLook.ts`,
    from: 'known.isDisproved(attempt, known.isClaimed)',
    to: 'false',
    seed: 286632,
    crashes: 8,
  },
  'old-is-own': {
    bug: 'A response about a prediction whose data were deleted long ago was taken for its own.',
    file: `${lost}/lostErrors.ts`,
    from: "prediction.dataRemoved ? 'time' : other",
    to: 'null',
    seed: 1781,
    crashes: 100,
  },
  'shorter-is-own': {
    bug: 'A response about a prompt that the sent one begins with was taken for its own.',
    file: 'operators/predictions/matching/matchRequest.ts',
    from: "const isShorter = match === 'faint'",
    to: "const isShorter = match === 'other'",
    seed: 718,
    crashes: 30,
  },
  'no-late-listing': {
    bug: 'A request of a killed run that arrived late counted as never made by a list that lags.',
    file: `${lost}/judgeLook.ts`,
    from: 'LATE_MS + LAG_RESERVE * own.longestLagMs',
    to: 'LAG_RESERVE * own.longestLagMs',
    seed: 605660,
  },
  'one-wrong-clock': {
    bug: 'The list was asked for from too late a time if two clocks were wrong.',
    file: `${lost}/takeLook.ts`,
    from: 'UNKNOWN_CLOCK_WINDOW_MS = 1_200_000',
    to: 'UNKNOWN_CLOCK_WINDOW_MS = 600_000',
    seed: 604859,
  },
  'first-is-own': {
    bug: 'A mixed-up response about an equal request was its own if the clock was not known yet.',
    file: `${lost}/adoptions.ts`,
    from: 'if (!own.isClockCertain && hasTime',
    to: 'if (own.isClockCertain && hasTime',
    seed: 301732,
    crashes: 100,
  },
  'old-takes-new': {
    bug: 'A request of an earlier run took the new prediction of an equal request of this run.',
    file: `${lost}/judgeLook.ts`,
    from: 'const SOON_RANK = 0.25;',
    to: 'const SOON_RANK = 0;',
    seed: 601331,
  },
  unawaited: {
    bug: 'It did so while a response was to come, as long as the clock of the service was not known.',
    file: `${lost}/judgeLook.ts`,
    from: 'const isAwaited = fit.rank === waiting &&',
    to: 'const isAwaited = fit.rank < 0 &&',
    seed: 222381,
    crashes: 8,
  },
  'lag-by-response': {
    bug: 'The lag of the list was counted from a response that had been waited for: a late create was sent again.',
    file: `${lost}/ownPredictions.ts`,
    from: 'lookedAtMs - one.sinceMs',
    to: 'lookedAtMs - one.existsFromMs',
    seed: 7005119,
    crashes: 100,
  },
  'gateway-forgets': {
    bug: 'The 404 of a gateway counted as the word of the service that a prediction is unknown.',
    file: 'base/service.ts',
    from: 'error.status === 404 && !error.recoverable',
    to: 'error.status === 404',
    seed: 7025026,
    crashes: 100,
  },
  'older-is-own': {
    bug: 'A prediction of another folder, older than the request, was its own if the clock was not known.',
    file: `${lost}/judgeLook.ts`,
    from: 'offset === null ? !isOlder(one, prediction, newest) :',
    to: 'offset === null ? isOlder !== undefined :',
    seed: 80012933,
    crashes: 100,
  },
  'mixed-up-proves': {
    bug: 'A prediction that a mixed-up response named proved that a request before it made nothing.',
    file: `${lost}/adoptions.ts`,
    from: 'if (own.isClockCertain || isMarked(attempt, prediction)) return attempt.sentAtMs;',
    to: 'if (own !== null) return attempt.sentAtMs;',
    seed: 50002851,
    crashes: 100,
  },
};

import { catchError, defer, finalize, map, type Observable, type OperatorFunction, of } from 'rxjs';
import { checkedItem } from '../../base/items/checkedRequest.ts';
import { flattenAll } from '../../base/items/flattenAll.ts';
import {
  type Failed,
  failItem,
  type Item,
  type ItemRequest,
  isFailed,
  type Made,
  settleItem,
  spendItem,
} from '../../base/items/item.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { expectOptions, having, type OptionRules, optionRules } from '../../base/options.ts';
import { ProviderError, UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { checkedProvider } from '../internal/checkedProvider.ts';
import { createGovernor } from '../pace/governor.ts';
import { type CreateOnceConfig, createOnce, type SharedConfig } from './createOnce.ts';
import { createLookout } from './lookout.ts';
import { isFinal } from './pollSchedule.ts';

export interface CreatePredictionConfig extends CreateOnceConfig {
  /**
   * Items at a time, each until the response to its create request: an integer of 1 or more, or
   * Infinity. Default 10.
   */
  concurrency?: number;
}

const rules: OptionRules<CreatePredictionConfig> = {
  concurrency: optionRules.bound,
  governor: having('a governor', 'admit'),
  lookout: having('a lookout', 'watch', 'find'),
  scheduler: optionRules.scheduler,
  retries: optionRules.boundFrom0,
  delayMs: optionRules.wait,
  waitMs: optionRules.wait,
  cancelAfterMs: optionRules.finiteAbove0,
  timeoutMs: optionRules.finiteAbove0,
  webhookUrl: optionRules.text,
  mayStillSend: optionRules.task,
  isOutage: optionRules.task,
  prepare: optionRules.task,
  beforeSend: optionRules.task,
  onSend: optionRules.task,
  onThrottled: optionRules.task,
  onLost: optionRules.task,
};

/**
 * Creates one prediction for each request, and never two. Takes requests, or the items of
 * `budgetTake`, and emits each as an item with its prediction, in the order of the responses.
 *
 *     request                        (r|)
 *     the service responds in 3 ms   ---(p|)
 *     429, retry after 5 ms          -----x---(p|)   x: sent again, no attempt counted
 *     connection lost, was made      ---?(p|)        ?: found in the list, not sent again
 *     422                            ---(f|)         f: the item has failed
 *
 * A create request is sent again only if the service certainly did not accept it: it refused with
 * 429, no connection was made, or the response was lost and the list of predictions proves that
 * nothing was made. With every other response outside 2xx the item has failed with its
 * `ProviderError`. If the response was lost, or is about another request, and the list proves
 * nothing either, the error has `tookEffect: 'unknown'`.
 *
 * Sends at most `concurrency` requests at a time; others wait. Emits an error only if it is no
 * item's (401, 402, a function that throws), once the requests in flight have their responses.
 * Unsubscribing drops them: a prediction that was made continues at the service, and counts as
 * paid. Throws a RangeError if an option is invalid, `UsageError` for a name that none has.
 *
 * Reservations: releases those of items that certainly made nothing, and settles those whose
 * prediction is final already.
 */
export function createPrediction<R extends ItemRequest>(
  given: Provider,
  config: CreatePredictionConfig = {},
): OperatorFunction<R | Item<R> | Failed<R>, Made<R> | Failed<R>> {
  const provider = checkedProvider(given);
  expectOptions(config, rules);
  const { scheduler = monotonicScheduler, concurrency = 10 } = config;
  const { lookout = createLookout(provider, { scheduler }) } = config;
  const { governor = createGovernor({ perMinute: 600, scheduler }) } = config;
  const ready = { ...config, lookout, governor, scheduler };
  return flattenAll<R | Item<R> | Failed<R>, Made<R> | Failed<R>>(
    (value, index) => {
      const item = checkedItem(isItem(value) ? value : { index, request: value, reservation: null });
      if (isFailed(item)) return of(item);
      expectPrepared(item, config);
      return createItem(item, provider, ready);
    },
    { concurrency, onDrop: (value) => isItem(value) && value.reservation?.release() },
  );
}

function isItem<R extends ItemRequest>(value: R | Item<R>): value is Item<R> {
  return typeof value === 'object' && value !== null && 'request' in value;
}

/**
 * Throws `UsageError` if a request cannot be sent as it is: a plan with files to upload, or with
 * secret inputs.
 */
function expectPrepared({ index, request }: Item, { prepare }: CreatePredictionConfig): void {
  const { files = {}, secrets } = request;
  if (prepare !== undefined || (secrets === undefined && Object.keys(files).length === 0)) return;
  throw new UsageError(
    `Request #${index + 1} has files to upload or secret inputs, and there is no \`prepare\` for them.`,
    { suggestion: 'Pass `prepare`, which returns the request to send, or make such plans with a run.' },
  );
}

/** Creates the prediction of an item; closes its reservation unless it emits it for others to. */
function createItem<R extends ItemRequest>(
  item: Item<R>,
  provider: Provider,
  config: SharedConfig,
): Observable<Made<R> | Failed<R>> {
  const { onSend, onThrottled } = config;
  return defer(() => {
    let sinceMs = 0;
    /** True while a prediction may exist that no later operator knows. */
    let mayExist = false;
    let isHandedOn = false;
    const watched: SharedConfig = {
      ...config,
      onSend: (attempt) => {
        onSend?.(attempt);
        sinceMs = attempt.wallMs;
        mayExist = true;
      },
      onThrottled: (waitMs, reason) => {
        mayExist = false;
        onThrottled?.(waitMs, reason);
      },
    };
    return createOnce(provider, item.request, watched).pipe(
      map((prediction) => {
        const made: Made<R> = { ...item, prediction, sinceMs, answers: provider.answers };
        isHandedOn = true;
        if (isFinal(prediction)) settleItem(made);
        return made;
      }),
      catchError((error: unknown) => {
        mayExist &&= !(error instanceof ProviderError && error.tookEffect === 'no');
        const costMicroUsd = mayExist ? (item.reservation?.microUsd ?? null) : 0;
        return of(failItem(item, error, { stage: 'creation', prediction: null, costMicroUsd }));
      }),
      finalize(() => {
        if (isHandedOn) return;
        if (mayExist) spendItem(item);
        else item.reservation?.release();
      }),
    );
  });
}

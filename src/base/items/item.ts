import {
  type DownloadError,
  ProviderError,
  type RenderError,
  RxposureError,
  StorageError,
  UsageError,
} from '../../errors.ts';
import type { ProviderAnswers, Reservation } from '../../ports.ts';
import type {
  FailureStage,
  ImageFile,
  Plan,
  Prediction,
  PredictionRequest,
  RenderedFile,
} from '../../types.ts';

/** A request of a flat pipe. A `Plan` is one, with all that outcomes and file names can use. */
export type ItemRequest = PredictionRequest & Partial<Omit<Plan, keyof PredictionRequest | 'index'>>;

/** A request on its way through a flat pipe, with its place in the source and its money. */
export interface Item<R extends ItemRequest = ItemRequest> {
  /** 0-based position in the source. */
  readonly index: number;
  readonly request: R;
  /** Money reserved for it, closed by the operator that knows its cost; null without a budget. */
  readonly reservation: Reservation | null;
}

/** An item with its prediction. */
export interface Made<R extends ItemRequest = ItemRequest> extends Item<R> {
  readonly prediction: Prediction;
  /** Time in ms after which the prediction was given up, and cancelled. Absent: it was not. */
  readonly timedOutMs?: number;
  /** Time just before its create request was sent, by the local clock, ms since 1970. */
  readonly sinceMs: number;
  /** Reads predictions of its service. */
  readonly answers: ProviderAnswers;
}

/** An output that cannot be downloaded. */
export interface MissingFile {
  /** 0-based position in the output. */
  readonly output: number;
  readonly error: DownloadError;
}

/** An original that cannot be decoded, or of which a rendition cannot be made. */
export interface RefusedOriginal {
  readonly original: ImageFile;
  readonly error: RenderError;
}

/** Outputs of an item that cannot be used, though they are paid. */
export interface UnusableOutputs {
  /** Those that cannot be downloaded. Absent: none. */
  readonly missing?: readonly MissingFile[];
  /** Those whose originals cannot be rendered, and stay on disk. Absent: none. */
  readonly refused?: readonly RefusedOriginal[];
}

/** An item whose files are on disk, in the order of the output. */
export interface Downloaded<R extends ItemRequest = ItemRequest>
  extends Made<R>,
    Pick<UnusableOutputs, 'missing'> {
  /** Those that are there; each has its `output` if others are missing. */
  readonly files: readonly ImageFile[];
}

/** An original and its renditions. */
export interface RenderedOriginal {
  readonly original: ImageFile;
  readonly renditions: readonly RenderedFile[];
}

/** An item with the renditions of its files. */
export interface Rendered<R extends ItemRequest = ItemRequest> extends Downloaded<R>, UnusableOutputs {
  /** Those that can be rendered. */
  readonly images: readonly RenderedOriginal[];
}

/** An item that has failed: later operators pass it on, and `toOutcome` makes its outcome. */
export interface Failed<R extends ItemRequest = ItemRequest> extends Item<R>, UnusableOutputs {
  readonly error: RxposureError;
  readonly stage: FailureStage;
  /** Null if none is known: its create request failed, or was never sent. */
  readonly prediction: Prediction | null;
  /** Money that it has cost, in millionths of a US dollar; null if no price is known. */
  readonly costMicroUsd: number | null;
}

/** Returns true if an item has failed. */
export function isFailed<T extends object, R extends ItemRequest>(item: T | Failed<R>): item is Failed<R> {
  return typeof item === 'object' && item !== null && 'error' in item && 'stage' in item;
}

/**
 * Returns an item that has failed at a stage. Throws the error instead if it is no item's: the disk
 * refuses, the service refuses everybody (401, 402), an option is wrong, or a function has thrown.
 */
export function failItem<R extends ItemRequest>(
  { index, request, reservation }: Item<R>,
  error: unknown,
  end: Pick<Failed, 'stage' | 'prediction' | 'costMicroUsd'> & UnusableOutputs,
): Failed<R> {
  if (!(error instanceof RxposureError) || concernsAll(error)) throw error;
  return { index, request, reservation, error, ...end };
}

function concernsAll(error: RxposureError): boolean {
  if (error instanceof StorageError || error instanceof UsageError) return true;
  return error instanceof ProviderError && error.stopsRun;
}

/** The cost of a prediction, in millionths of a US dollar. */
interface MadeCost {
  /** Null if no price is known. */
  readonly costMicroUsd: number | null;
  /** True if it is the expected price, because the service does not report the cost. */
  readonly isEstimate: boolean;
}

/** Returns the cost of an item's final prediction. */
export function costOfMade({
  prediction,
  request,
  reservation,
  answers,
}: Pick<Made, 'prediction' | 'request' | 'reservation' | 'answers'>): MadeCost {
  const costMicroUsd = answers.costOf(prediction) ?? (prediction.outputComplete ? null : 0);
  if (costMicroUsd !== null) return { costMicroUsd, isEstimate: false };
  const expected = request.priceMicroUsd ?? reservation?.microUsd ?? null;
  return { costMicroUsd: expected, isEstimate: expected !== null };
}

/** Books the cost of an item whose prediction is final. Does nothing if that was done before. */
export function settleItem(item: Made): void {
  item.reservation?.settle(costOfMade(item).costMicroUsd ?? item.reservation.microUsd);
}

/**
 * Books the whole reservation of an item whose prediction may exist, but will not be followed: it
 * counts as paid.
 */
export function spendItem({ reservation }: Pick<Item, 'reservation'>): void {
  reservation?.settle(reservation.microUsd);
}

import type { FastifyInstance } from 'fastify';
import type { SimulatorSettings } from '../engine/config.ts';
import { applyFault, problem } from '../engine/faults.ts';
import { isListed, isRemoved } from '../engine/predictions.ts';
import { type SimulatedPrediction, timesOf } from '../engine/simulatedPrediction.ts';
import { type ApiContext, apiUrlOf, notFound, timestamp } from './context.ts';

type PredictionRoute = { Params: { id: string } };

/** Registers the routes that list, show and cancel predictions. */
export function predictionRoutes(api: FastifyInstance, { settings, predictions }: ApiContext): void {
  const { faults } = settings;

  api.get<{ Querystring: Record<string, string> }>('/predictions', async (request, reply) => {
    if (await applyFault(faults.onList?.() ?? null, reply)) return reply;
    const page = listPage(predictions.all(), request.query, (prediction) => isListed(prediction, settings));
    if (page === null)
      return problem(reply, { status: 400, detail: 'Expected dates in ISO 8601, or a cursor' });
    const apiUrl = apiUrlOf(request);
    const { found, cursor } = page;
    return {
      next: cursor === null ? null : `${apiUrl}/predictions?cursor=${encodeURIComponent(cursor)}`,
      previous: null,
      results: found.map((prediction) => listedJson(prediction, { settings, apiUrl })),
    };
  });
  api.get<PredictionRoute>('/predictions/:id', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    if (await applyFault(faults.onGet?.(prediction) ?? null, reply)) return reply;
    return predictionJson(prediction, { settings, apiUrl: apiUrlOf(request) });
  });
  api.post<PredictionRoute>('/predictions/:id/cancel', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    predictions.cancel(prediction);
    return canceledJson(prediction, { settings, apiUrl: apiUrlOf(request) });
  });
}

const PAGE_SIZE = 100;

/** The bounds of the predictions that a page may show. */
interface Position {
  readonly afterMs: number;
  readonly beforeMs: number;
  /** Serial numbers must be below it. */
  readonly below: number;
}

/**
 * Returns one page of the list, newest first: `created_after` inclusive, `created_before`
 * exclusive, or the opaque `cursor` of the page before, which contains both. `cursor` is null on
 * the last page. Leaves out predictions that are not `isShown`. Returns null if the query cannot be
 * read.
 */
export function listPage(
  all: readonly SimulatedPrediction[],
  query: Readonly<Record<string, string>>,
  isShown: (prediction: SimulatedPrediction) => boolean = () => true,
): { readonly found: readonly SimulatedPrediction[]; readonly cursor: string | null } | null {
  const position = query.cursor === undefined ? fromDates(query) : fromCursor(query.cursor);
  const { afterMs, beforeMs, below } = position;
  if ([afterMs, beforeMs, below].some(Number.isNaN)) return null;
  const found: SimulatedPrediction[] = [];
  for (let index = Math.min(below, all.length) - 1; index >= 0; index -= 1) {
    const prediction = all[index];
    if (prediction === undefined || prediction.createdAtMs < afterMs) break;
    if (prediction.createdAtMs >= beforeMs || !isShown(prediction)) continue;
    const last = found.at(-1);
    if (found.length === PAGE_SIZE && last !== undefined) {
      return { found, cursor: toCursor({ ...position, below: last.serial }) };
    }
    found.push(prediction);
  }
  return { found, cursor: null };
}

function fromDates({ created_after, created_before }: Readonly<Record<string, string>>): Position {
  return {
    afterMs: created_after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(created_after),
    beforeMs: created_before === undefined ? Number.POSITIVE_INFINITY : Date.parse(created_before),
    below: Number.POSITIVE_INFINITY,
  };
}

function toCursor({ afterMs, beforeMs, below }: Position): string {
  return Buffer.from(`a=${afterMs}&b=${beforeMs}&p=${below}`).toString('base64');
}

function fromCursor(cursor: string): Position {
  const position = new URLSearchParams(Buffer.from(cursor, 'base64').toString());
  const number = (name: string) => Number(position.get(name) ?? Number.NaN);
  return { afterMs: number('a'), beforeMs: number('b'), below: number('p') };
}

/** Returns a prediction as an item of the list: without logs. */
function listedJson(prediction: SimulatedPrediction, config: PredictionJsonConfig) {
  const { logs: _, ...rest } = predictionJson(prediction, config);
  return rest;
}

interface PredictionJsonConfig {
  settings: SimulatorSettings;
  /** Base URL of the API as the client knows it, including `/v1`. */
  apiUrl: string;
  /**
   * Reports `processing` for a final prediction, as the service often does under `Prefer: wait`.
   * Default false.
   */
  isAheadOfStatus?: boolean;
}

/** Returns a prediction as `create` and `get` show it, with fields in the recorded order. */
export function predictionJson(
  prediction: SimulatedPrediction,
  { settings, apiUrl, isAheadOfStatus = false }: PredictionJsonConfig,
) {
  const { id, model, deployment, version, startedAtMs, completedAtMs, deadlineMs, createdAtMs, serial } =
    prediction;
  const isGone = isRemoved(prediction, settings);
  // No response shows it again, so its memory can be freed.
  if (isGone) prediction.input = {};
  const input = isGone ? {} : (settings.faults.echo?.(prediction) ?? prediction.input);
  const shownEndMs = isAheadOfStatus ? null : completedAtMs;
  // Durations are shown as those of a service at normal speed, like the metrics.
  const shownDeadlineMs = (fromMs: number, toMs: number) => fromMs + (toMs - fromMs) * settings.speed;
  return {
    id,
    model: model.name,
    version: model.isOfficial ? 'hidden' : version,
    ...(deployment === null ? {} : { deployment }),
    input,
    logs: isGone ? '' : logsOf(prediction),
    output: isGone ? null : outputOf(prediction),
    data_removed: isGone,
    error: prediction.error,
    status: isAheadOfStatus ? ('processing' as const) : prediction.status,
    source: 'api',
    ...webhookOf(prediction),
    created_at: timestamp(createdAtMs, serial),
    ...(startedAtMs === null ? {} : { started_at: timestamp(startedAtMs, serial + 1) }),
    ...(shownEndMs === null ? {} : { completed_at: timestamp(shownEndMs, serial + 2) }),
    ...(deadlineMs === null ? {} : { deadline: timestamp(shownDeadlineMs(createdAtMs, deadlineMs), 0) }),
    urls: {
      cancel: `${apiUrl}/predictions/${id}/cancel`,
      get: `${apiUrl}/predictions/${id}`,
      stream: `https://stream.replicate.com/v1/files/${id}`,
      web: `https://replicate.com/p/${id}`,
    },
    ...(shownEndMs === null ? {} : { metrics: metricsOf(prediction, settings.speed) }),
  };
}

function webhookOf({ webhook }: SimulatedPrediction) {
  if (webhook === null) return {};
  const { url, events } = webhook;
  return { webhook: url, ...(events === null ? {} : { webhook_events_filter: events }) };
}

function logsOf({ startedAtMs, input, serial }: SimulatedPrediction): string {
  return startedAtMs === null ? '' : `Using seed: ${input.seed ?? serial}\n`;
}

function outputOf({ status, outputs, model }: SimulatedPrediction): string | readonly string[] | null {
  if (status !== 'succeeded') return null;
  return model.output === 'single' ? (outputs[0] ?? null) : outputs;
}

function metricsOf(prediction: SimulatedPrediction, speed: number): Record<string, number> {
  const { predictS, totalS } = timesOf(prediction, speed);
  const times = { predict_time: predictS, total_time: totalS };
  const { status, model, outputs } = prediction;
  const hasImages = status === 'succeeded' && model.output !== 'text';
  return hasImages ? { image_count: outputs.length, ...times } : times;
}

/**
 * Returns a prediction as `cancel` shows it: the service answers from another backend, with another
 * order of fields, another precision and no logs.
 */
function canceledJson(prediction: SimulatedPrediction, config: PredictionJsonConfig) {
  const { id, created_at: _, urls, logs: __, ...rest } = predictionJson(prediction, config);
  const createdAt = timestamp(prediction.createdAtMs, prediction.serial + 1);
  return { id, urls, created_at: createdAt, logs: null, webhook_completed: null, ...rest };
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import { createRandom } from '../createRandom.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import type { ApiContext } from './ApiContext.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { predictionJson } from './predictionJson.ts';

const LONGEST_WAIT_S = 60;

/**
 * Answers a create: at once with 201, or under `Prefer: wait` when the prediction is final (201) or the wait is over (202).
 * A client that leaves ends the wait, not the prediction.
 */
export async function answerCreate(
  request: FastifyRequest,
  reply: FastifyReply,
  prediction: SimulatedPrediction,
  { settings, predictions }: ApiContext,
): Promise<FastifyReply> {
  const apiUrl = apiUrlOf(request);
  const prefer = String(request.headers.prefer ?? '');
  const wait = /^wait(?:=([1-9]\d?))?$/.exec(prefer);
  if (wait === null) {
    reply.code(201).header('location', `${apiUrl}/predictions/${prediction.id}`);
    return reply.send(predictionJson(prediction, { settings, apiUrl }));
  }
  const waitS = Math.min(LONGEST_WAIT_S, Number(wait[1] ?? LONGEST_WAIT_S));
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  await predictions.whenFinal(prediction, waitS * 1_000, gone.signal);
  const { status, completedAtMs } = prediction;
  const { seed, earlyOutputRate } = settings;
  const isEarly = createRandom(`${seed}/${prediction.serial}/early`).next() < earlyOutputRate;
  reply.code(completedAtMs === null ? 202 : 201).header('preference-applied', prefer);
  const isAheadOfStatus = status === 'succeeded' && isEarly;
  return reply.send(predictionJson(prediction, { settings, apiUrl, isAheadOfStatus }));
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SimulatorSettings } from '../engine/config.ts';
import type { Counters } from '../engine/counters.ts';
import { problem } from '../engine/faults.ts';
import type { Predictions } from '../engine/predictions.ts';
import type { Uploads } from '../engine/uploads.ts';

/** The parts of a simulator that its routes use. */
export interface ApiContext {
  readonly settings: SimulatorSettings;
  readonly predictions: Predictions;
  readonly uploads: Uploads;
  readonly counters: Counters;
}

/** Returns the base URL of the API as the client of this call knows it. */
export function apiUrlOf({ host }: FastifyRequest): string {
  return `http://${host}/v1`;
}

/** Sends a 404 response. */
export function notFound(reply: FastifyReply): FastifyReply {
  return problem(reply, { status: 404, detail: 'The requested resource could not be found.' });
}

/** Returns the only page of a list. */
export function pageOf<T>(results: readonly T[]) {
  return { next: null, previous: null, results };
}

/** Digits below the millisecond: 0, 3 or 6, so that times have 3, 6 or 9 decimals. */
const FINER_DIGITS = [0, 3, 6] as const;

/**
 * Formats a time in UTC with 3, 6 or 9 decimals, depending on `variety`, without zeros at the end.
 */
export function timestamp(ms: number, variety: number): string {
  const [seconds = '', fraction = '000Z'] = new Date(ms).toISOString().split('.');
  const digits = FINER_DIGITS[variety % FINER_DIGITS.length] ?? 0;
  const finer = String(((variety + 1) * 271_829) % 1_000_000).padStart(6, '0');
  const decimals = (fraction.slice(0, 3) + finer.slice(0, digits)).replace(/0+$/, '');
  return decimals === '' ? `${seconds}Z` : `${seconds}.${decimals}Z`;
}

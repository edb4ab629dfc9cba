import type { Readable } from 'node:stream';
import type { Redact } from '../../base/secrets.ts';
import { RxposureError } from '../../errors.ts';
import type { PredictionEvent } from '../../types.ts';
import { cleanBody } from '../http/serviceBody.ts';
import { parsePrediction } from '../wire/prediction.ts';

/** Messages by the status of the response. */
const reasons = {
  400: 'it has no prediction that can be read',
  401: 'its signature, its time or its headers do not fit',
  413: 'its body is too large',
  503: 'too many others are being received',
} as const;

/** The remedy if many are refused, by the same keys. */
const advice = {
  400: 'If all are refused, check that only the service sends to this URL.',
  401: 'If all are refused, check that `secret` is that of the account (`fetchWebhookSecret`), that body and headers arrive unchanged, and that the clock of this machine is right.',
  413: 'If the webhooks are genuine, raise `maxBytes`.',
  503: 'The service sends it again.',
} as const;

/**
 * A webhook is refused. `statusCode` is the status to respond with, as Express and Fastify do by
 * themselves: 400, 401, 413 or 503. The message does not quote the webhook.
 */
export class WebhookError extends RxposureError {
  override readonly name = 'WebhookError';
  readonly statusCode: keyof typeof reasons;

  constructor(statusCode: keyof typeof reasons) {
    super('ERR_WEBHOOK_REFUSED', `The webhook is refused: ${reasons[statusCode]}.`, {
      recoverable: statusCode === 503,
      suggestion: `Respond with ${statusCode}. ${advice[statusCode]}`,
    });
    this.statusCode = statusCode;
  }
}

/** Takes the chunks of a body as they come, and reports at its end if it is genuine. */
export interface BodyCheck {
  update(chunk: Buffer): void;
  matches(): boolean;
}

/** Reads the body of one webhook; rejects with `WebhookError`. */
type ReadBody = (body: Readable, declaredBytes: number, check: BodyCheck | null) => Promise<Buffer>;

const MEGABYTE = 1_000_000;
/** The part of each body that always has room: more than enough for a prediction with its logs. */
const BLOCK_BYTES = 65_536;

/** Returns how many bytes all bodies may take together for one of so many bytes to be let in. */
function mostHeldBytes(bytes: number): number {
  if (bytes <= BLOCK_BYTES) return Number.POSITIVE_INFINITY;
  return bytes <= MEGABYTE ? 64 * MEGABYTE : 32 * MEGABYTE;
}

/**
 * Creates a reader of bodies that may come from anybody, because only the end of a body shows who
 * has sent it. All bodies together take at most 64 MB, besides 64 kB each; the larger a body is,
 * the sooner it has to give way. Refuses with 413 beyond `maxBytes`, with 503 if there is no room
 * (the service sends it again), and with 401 if the check fails.
 */
export function createBodyReader(maxBytes: number): ReadBody {
  let heldBytes = 0;
  return async (body, declaredBytes, check) => {
    if (declaredBytes > maxBytes) throw new WebhookError(413);
    // Blocks instead of the chunks, each of which a sender could make a single byte.
    const blocks: Buffer[] = [];
    let bytes = 0;
    const nextBlock = (wanted: number): Buffer => {
      if (heldBytes + BLOCK_BYTES > mostHeldBytes(wanted)) throw new WebhookError(503);
      heldBytes += BLOCK_BYTES;
      const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      blocks.push(block);
      return block;
    };
    const keep = (chunk: Buffer) => {
      if (bytes + chunk.length > maxBytes) throw new WebhookError(413);
      for (let from = 0; from < chunk.length; ) {
        const used = bytes % BLOCK_BYTES;
        const block = (used === 0 ? undefined : blocks.at(-1)) ?? nextBlock(bytes + chunk.length);
        const copied = chunk.copy(block, used, from);
        from += copied;
        bytes += copied;
      }
    };
    try {
      // The stream stays open after a refusal, so that the response can be sent.
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        keep(chunk);
        check?.update(chunk);
      }
      if (check?.matches() === false) throw new WebhookError(401);
      return Buffer.concat(blocks, bytes);
    } finally {
      heldBytes -= blocks.length * BLOCK_BYTES;
    }
  };
}

/** Values in a body, at most: a few bytes of JSON can make an object of many. */
const MOST_VALUES = 200_000;
/** The longest id of a webhook or prediction, in characters: they are remembered. */
export const LONGEST_ID = 128;

/** Reads the prediction of a genuine webhook, sent to this URL; null if there is none in it. */
export function readEvent(body: Buffer, url: string, redact: Redact): PredictionEvent | null {
  if (hasManyValues(body)) return null;
  try {
    const prediction = parsePrediction(JSON.parse(cleanBody(body.toString(), redact)));
    const { searchParams } = new URL(url, 'http://localhost');
    const query = Object.fromEntries(searchParams);
    return prediction.id.length > LONGEST_ID ? null : { prediction, query };
  } catch {
    return null;
  }
}

/** Returns true if a body may have more values than a prediction has; texts count as well. */
function hasManyValues(body: Buffer): boolean {
  let separators = 0;
  for (let at = 0; at < body.length; at += 1) if (SEPARATORS.has(body[at] ?? 0)) separators += 1;
  return separators > MOST_VALUES;
}

const SEPARATORS: ReadonlySet<number> = new Set(Buffer.from(',[{'));

import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { SimulatedPrediction, WebhookEvent } from './simulatedPrediction.ts';

/** A fault of one call. */
export type Fault =
  /** Resets the connection without a response. */
  | { readonly type: 'reset'; readonly delayMs?: number }
  /** Sends this response in place of the correct one. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** Delays the correct response. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** A fault of the download of one file. `share` is the part of its bytes that is sent, 0…1. */
export type FileFault =
  | Fault
  /** Breaks the connection after this part of the body. */
  | { readonly type: 'cut'; readonly share: number }
  /** Ends the body early without an error: only the file itself shows that its end is missing. */
  | { readonly type: 'truncate'; readonly share: number }
  /** Sends nothing after this part, but leaves the connection open. */
  | { readonly type: 'stall'; readonly share: number }
  /** Sends the body piece by piece over this time. */
  | { readonly type: 'slow'; readonly durationMs: number }
  /** Sends another file. */
  | ReplacedFile;

export interface ReplacedFile {
  readonly type: 'replace';
  readonly file: Uint8Array;
}

/** A fault of one webhook. */
export type WebhookFault =
  /** Never sends it. */
  | { readonly type: 'drop' }
  /** Sends it twice, with the same id. */
  | { readonly type: 'repeat' }
  /** Sends it later, so that others may overtake it. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** The faults of a simulator. Each function is called once per call; null means no fault. */
export interface SimulatorFaults {
  /** Share of predictions that fail, 0…1, chosen by the simulator's seed. Default 0. */
  predictionFailureRate?: number;
  /** Called before a create request takes effect: `reset` and `answer` prevent the prediction. */
  beforeCreate?: (wanted: WantedPrediction) => Fault | null;
  /** Called after a create request took effect: the prediction runs in spite of a fault. */
  afterCreate?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  /**
   * Called after a create request took effect; true: a proxy repeats it. That makes another
   * prediction, whose response reaches no client.
   */
  isRepeated?: (prediction: Readonly<SimulatedPrediction>) => boolean;
  onGet?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onList?: () => Fault | null;
  /**
   * Returns the time from its creation for which the list lacks a prediction, in real ms; null: the
   * list shows it at once.
   */
  listLagMs?: (prediction: Readonly<SimulatedPrediction>) => number | null;
  /** Returns the input of a prediction as responses show it; null: as it was sent. */
  echo?: (prediction: Readonly<SimulatedPrediction>) => SimulatedPrediction['input'] | null;
  /** Called for a download; `index` is the position of the file in the output, from 0. */
  onFile?: (prediction: Readonly<SimulatedPrediction>, index: number) => FileFault | null;
  onWebhook?: (prediction: Readonly<SimulatedPrediction>, event: WebhookEvent) => WebhookFault | null;
  /** Returns the error that a prediction ends with; null: it succeeds. */
  onOutcome?: (prediction: Readonly<SimulatedPrediction>) => string | null;
  /**
   * Returns the lifetime of input, output and files after the end of a prediction, in real ms;
   * null: the simulator's `outputLifetimeMs`.
   */
  lifetimeMs?: (prediction: Readonly<SimulatedPrediction>) => number | null;
}

/** A prediction that is about to be created. */
export interface WantedPrediction {
  /** `owner/name`. */
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Problem {
  readonly status: number;
  /** Absent from some kinds of error. */
  readonly title?: string;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

/** Sends a response of type problem+json. */
export function problem(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type('application/problem+json').send(JSON.stringify(body));
}

/** Applies a fault to a call. Resolves with true if that sent a response or ended the call. */
export async function applyFault(fault: Fault | null, reply: FastifyReply): Promise<boolean> {
  if (fault === null) return false;
  if (fault.delayMs !== undefined) await sleep(fault.delayMs, undefined, { ref: false });
  switch (fault.type) {
    case 'delay':
      return false;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return true;
    case 'answer':
      await reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body);
      return true;
  }
}

const PIECES = 10;

/** Sends a file with a fault. */
export async function spoilFile(
  reply: FastifyReply,
  file: Buffer,
  fault: Exclude<FileFault, Fault | ReplacedFile>,
): Promise<FastifyReply> {
  const type = String(reply.getHeader('content-type'));
  reply.hijack();
  const { raw } = reply;
  if (fault.type === 'truncate') {
    // Without a content length, only the file itself shows that its end is missing.
    raw.writeHead(200, { 'content-type': type });
    raw.end(startOf(file, fault.share));
    return reply;
  }
  raw.writeHead(200, { 'content-type': type, 'content-length': file.length });
  if (fault.type === 'slow') {
    for (let piece = 0; piece < PIECES && !raw.destroyed; piece += 1) {
      await sleep(fault.durationMs / PIECES, undefined, { ref: false });
      raw.write(file.subarray((piece * file.length) / PIECES, ((piece + 1) * file.length) / PIECES));
    }
    raw.end();
    return reply;
  }
  raw.write(startOf(file, fault.share), () => {
    if (fault.type === 'cut') raw.destroy();
  });
  return reply;
}

function startOf(file: Buffer, share: number): Buffer {
  return file.subarray(0, Math.floor(file.length * share));
}

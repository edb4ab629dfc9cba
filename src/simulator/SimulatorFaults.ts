import type { SimulatedPrediction, WebhookEvent } from './SimulatedPrediction.ts';

/** Something that goes wrong with one call. */
export type Fault =
  /** The connection is reset without an answer. */
  | { readonly type: 'reset'; readonly delayMs?: number }
  /** Another answer than the right one. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** The right answer, this much later. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Something that goes wrong with the download of one file. `share` is a part of its bytes, 0…1. */
export type FileFault =
  | Fault
  /** The connection breaks off after this part of the body. */
  | { readonly type: 'cut'; readonly share: number }
  /** The body ends early as if all were well: only the file itself tells that its end is missing. */
  | { readonly type: 'truncate'; readonly share: number }
  /** After this part nothing more comes, and the connection stays open. */
  | { readonly type: 'stall'; readonly share: number }
  /** The body comes piece by piece over this time. */
  | { readonly type: 'slow'; readonly durationMs: number };

/** Something that goes wrong with one webhook. */
export type WebhookFault =
  /** It is never sent. */
  | { readonly type: 'drop' }
  /** It is sent twice, with the same id. */
  | { readonly type: 'repeat' }
  /** It is sent this much later, so that others may overtake it. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Where things can go wrong. Each function is asked once a call; null means that all goes well. */
export interface SimulatorFaults {
  /** Part of the predictions that fail by themselves, 0…1, chosen by the simulator's seed. Default 0. */
  predictionFailureRate?: number;
  /** Before a create has taken effect: nothing is made if it does not go through. */
  beforeCreate?: (wanted: WantedPrediction) => Fault | null;
  /** After a create has taken effect: the prediction runs, whatever the client gets to see. */
  afterCreate?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onGet?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onList?: () => Fault | null;
  /** For the file at this place of the output, 0 the first. */
  onFile?: (prediction: Readonly<SimulatedPrediction>, place: number) => FileFault | null;
  onWebhook?: (prediction: Readonly<SimulatedPrediction>, event: WebhookEvent) => WebhookFault | null;
  /** The error text that a prediction ends with; null where it succeeds. */
  onOutcome?: (prediction: Readonly<SimulatedPrediction>) => string | null;
  /** How long input, output and files are kept after the end, in real ms; null: as long as those of all others. */
  lifetimeMs?: (prediction: Readonly<SimulatedPrediction>) => number | null;
}

/** A prediction that is about to be made. */
export interface WantedPrediction {
  /** `owner/name`. */
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
}

import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** Something that goes wrong with one call. */
export type Fault =
  /** The connection is reset without an answer. */
  | { readonly type: 'reset' }
  /** Another answer than the right one. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The right answer, this much later. */
  | { readonly type: 'delay'; readonly delayMs: number }
  /** The answer breaks off after this part of its body, 0…1. For files. */
  | { readonly type: 'cut'; readonly at: number }
  /** The answer tells a length that is not its own. For files. */
  | { readonly type: 'wrongLength' };

/** Where things can go wrong. Each is asked once a call; null means that all goes well. */
export interface SimulatorFaults {
  /** Before a create has taken effect: nothing is made if it does not go through. */
  beforeCreate?: () => Fault | null;
  /** After a create has taken effect: the prediction runs, whatever the client gets to see. */
  afterCreate?: (prediction: SimulatedPrediction) => Fault | null;
  onGet?: (prediction: SimulatedPrediction) => Fault | null;
  onList?: () => Fault | null;
  onFile?: (prediction: SimulatedPrediction) => Fault | null;
  /** The error text that a prediction ends with; null where it succeeds. */
  onRun?: (prediction: SimulatedPrediction) => string | null;
}

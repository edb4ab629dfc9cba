/** What a simulator has seen so far. */
export interface SimulatorStats {
  /** Calls to the API by kind, refused ones included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** The sum of these. Downloads of outputs are not among them. */
  readonly apiRequests: number;
  /** Predictions made, and how they ended. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly aborted: number;
  /** Predictions that are not final now, and the most that there were at once. */
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** Output files made. */
  readonly images: number;
  readonly billedMicroUsd: number;
  /** Calls refused for coming too fast. */
  readonly refused429: number;
  readonly downloads: number;
  /** Downloads that came with credentials, which nobody should send there. */
  readonly tokensAtFileHost: number;
  /** POSTs of webhooks, repeated ones included. */
  readonly webhooks: number;
}

export type RequestKind = 'create' | 'get' | 'list' | 'cancel' | 'model' | 'file' | 'other';

export type FinalStatus = 'succeeded' | 'failed' | 'canceled' | 'aborted';

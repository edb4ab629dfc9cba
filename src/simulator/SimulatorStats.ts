/** What a simulator has seen so far. */
export interface SimulatorStats {
  /** Calls to the API by kind, refused ones included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  readonly apiRequests: number;
  /** Predictions made, and how they ended. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly aborted: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly images: number;
  readonly billedMicroUsd: number;
  /** Creates refused for being too fast. */
  readonly throttled: number;
  readonly downloads: number;
  /** Downloads that came with credentials, which nobody should send there. */
  readonly tokensAtFileHost: number;
}

export type RequestKind = 'create' | 'get' | 'list' | 'cancel' | 'model' | 'file' | 'other';

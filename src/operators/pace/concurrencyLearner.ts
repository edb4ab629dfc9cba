import { expectCount } from '../internal/options.ts';
/** Finds out how many concurrent predictions a service makes good use of. */
export interface ConcurrencyLearner {
  /** Concurrent predictions to allow now. */
  readonly concurrency: number;
  /**
   * Reports a prediction that ended well; `running` is how many were in flight, itself included.
   */
  completed(nowMs: number, running: number): void;
  /** Reports that the service refused a create request as one too many. */
  refused(nowMs: number): void;
}

export interface ConcurrencyLearnerConfig {
  /** Concurrent predictions at first. Default 4. */
  first?: number;
  /** Concurrent predictions, at most. Default 64. */
  most?: number;
}

/**
 * A window lasts for so many ends, and so many rounds of all slots: fewer prove nothing about a
 * pace.
 */
const SHORTEST_WINDOW = 24;
const BOLD_ROUNDS = 3;
const CAREFUL_ROUNDS = 5;
/** Growth of the pace that counts as growth, and not as luck; and the loss that counts as none. */
const GROWTH = 1.08;
const NO_LOSS = 0.97;
/** Share of the slots that a trial adds, or takes away. */
const STEP_UP = 0.25;
const STEP_DOWN = 0.125;
/** Windows between two trials. */
const PATIENCE = 3;
/** Weight of the newest window in the pace of the present slots. */
const SMOOTHING = 0.3;
/** Refusals so soon after the last cut are of create requests from before it. */
const ECHO_MS = 5_000;

/**
 * Raises the concurrency while throughput grows, and halves it on a refusal, in the manner of TCP
 * (Chiu and Jain 1989, https://doi.org/10.1016/0169-7552(89)90019-6). The pace is measured over
 * windows of ends, and only if all slots were in use. At first the slots grow by half from window
 * to window, until that brings nothing or the service refuses. From there, trials alternate between
 * a few more slots and a few fewer: more are kept if they are faster, fewer if they are as fast.
 */
export function createConcurrencyLearner(config: ConcurrencyLearnerConfig = {}): ConcurrencyLearner {
  const { first = 4, most = 64 } = config;
  expectCount(first, 'first', 1);
  expectCount(most, 'most', 1);
  let slots = first;
  let known = { perMs: 0, slots: first };
  let isBold = true;
  let trial: 'more' | 'less' | null = null;
  let lastTrial: 'more' | 'less' = 'less';
  let idle = 0;
  let lastCutMs = Number.NEGATIVE_INFINITY;
  let window = { startMs: Number.NaN, ends: 0, isFull: true };

  const begin = (nowMs: number): void => {
    window = { startMs: nowMs, ends: 0, isFull: true };
  };
  const goUp = (perMs: number): void => {
    if (perMs > known.perMs * GROWTH) {
      known = { perMs, slots };
      slots = Math.min(most, Math.ceil(slots * 1.5));
      return;
    }
    isBold = false;
    slots = known.slots;
  };
  const endTrial = (perMs: number): void => {
    const threshold = trial === 'more' ? GROWTH : NO_LOSS;
    if (perMs > known.perMs * threshold) known = { perMs, slots };
    else slots = known.slots;
    trial = null;
  };
  const tryOther = (): void => {
    trial = lastTrial === 'more' ? 'less' : 'more';
    lastTrial = trial;
    const step = (share: number) => Math.max(1, Math.round(slots * share));
    slots = trial === 'more' ? Math.min(most, slots + step(STEP_UP)) : Math.max(1, slots - step(STEP_DOWN));
  };
  const judge = (perMs: number): void => {
    if (isBold) goUp(perMs);
    else if (trial !== null) endTrial(perMs);
    else {
      known = { perMs: known.perMs + SMOOTHING * (perMs - known.perMs), slots };
      idle += 1;
      if (idle % PATIENCE === 0) tryOther();
    }
  };
  const windowEnds = (): number => Math.max(SHORTEST_WINDOW, slots * (isBold ? BOLD_ROUNDS : CAREFUL_ROUNDS));
  return {
    get concurrency() {
      return slots;
    },
    completed(nowMs, running) {
      if (Number.isNaN(window.startMs)) {
        begin(nowMs);
        return;
      }
      window.ends += 1;
      window.isFull &&= running >= slots;
      if (window.ends < windowEnds()) return;
      const { startMs, ends, isFull } = window;
      begin(nowMs);
      if (isFull && nowMs > startMs) judge(ends / (nowMs - startMs));
    },
    refused(nowMs) {
      if (nowMs - lastCutMs < ECHO_MS) return;
      lastCutMs = nowMs;
      isBold = false;
      trial = null;
      slots = Math.max(1, Math.floor(slots / 2));
      known = { perMs: 0, slots };
      begin(nowMs);
    },
  };
}

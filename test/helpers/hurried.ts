import { asyncScheduler, type SchedulerAction, type SchedulerLike, type Subscription } from 'rxjs';

export interface HurriedConfig {
  /**
   * True if its clock runs faster too. Not for tests that compare it with the service's own times.
   * Default false.
   */
  isFast?: boolean;
}

/**
 * A scheduler that shortens all waits, for runs against real servers and files: such a test is not
 * about the waits between tries.
 */
export function hurried(times: number, { isFast = false }: HurriedConfig = {}): SchedulerLike {
  const begunAtMs = asyncScheduler.now();
  return {
    now: () => {
      const nowMs = asyncScheduler.now();
      return isFast ? begunAtMs + (nowMs - begunAtMs) * times : nowMs;
    },
    schedule: <T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delayMs = 0,
      state?: T,
    ): Subscription =>
      asyncScheduler.schedule(
        function (this: SchedulerAction<T>, given?: T) {
          const again = this.schedule.bind(this);
          this.schedule = (next, nextDelayMs = 0) => again(next, nextDelayMs / times);
          work.call(this, given);
          this.schedule = again;
        },
        delayMs / times,
        state,
      ),
  };
}

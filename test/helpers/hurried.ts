import { asyncScheduler, type SchedulerAction, type SchedulerLike, type Subscription } from 'rxjs';

export interface HurriedConfig {
  /** Whether the time it tells runs as much faster. Not where the service's own times are compared with it. Default false. */
  isFast?: boolean;
}

/**
 * A scheduler whose waits take a part of their time, for runs against real servers and files: how long is waited between two
 * tries is not what such a test is about.
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

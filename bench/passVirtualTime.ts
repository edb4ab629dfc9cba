import type { VirtualTimeScheduler } from 'rxjs';

/**
 * Lets virtual time pass until nothing is scheduled any more. It stops at each moment until all promises of that moment
 * are settled, because plans are pulled through promises: flushed in one go, time would run ahead of them.
 */
export async function passVirtualTime(scheduler: VirtualTimeScheduler): Promise<void> {
  await settled();
  for (let [next] = scheduler.actions; next !== undefined; [next] = scheduler.actions) {
    scheduler.maxFrames = next.delay;
    scheduler.flush();
    await settled();
  }
}

/** Promises are settled before the event loop turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

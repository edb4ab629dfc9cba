import type { VirtualTimeScheduler } from 'rxjs';

/**
 * Lets virtual time pass until nothing is scheduled any more. Waits at each point in time until its
 * promises are settled, because plans are pulled through promises: a single flush would run ahead
 * of them.
 */
export async function passVirtualTime(scheduler: VirtualTimeScheduler): Promise<void> {
  await settled();
  for (let [next] = scheduler.actions; next !== undefined; [next] = scheduler.actions) {
    scheduler.maxFrames = next.delay;
    scheduler.flush();
    await settled();
  }
}

/** Resolves once all pending promise callbacks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

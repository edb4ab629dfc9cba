// Runs in a worker thread, so that a busy main thread, or one that draws a screen, does not delay
// the run. The main thread gets its progress as messages.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { images } from 'rxposure';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: ['a red fox', 'an owl'] });
  worker.on('message', ({ done, total }) => console.log(`${done} of ${total}`));
} else {
  const run = images(workerData, { model: 'black-forest-labs/flux-schnell', to: 'out/worker' });
  run.progress.subscribe((progress) => parentPort?.postMessage(progress));
  await run;
}

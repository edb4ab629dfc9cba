// Ends a run at Ctrl-C, or after an hour: no further job begins, and jobs in flight, which may be
// paid, are finished and saved. `onAbort: 'cancel'` cancels them instead.
import { images, isRunFault } from 'rxposure';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('Stopped by Ctrl-C')));
const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(3_600_000)]);

const run = images(
  Array.from({ length: 100 }, (_, number) => `a red fox, number ${number + 1}`),
  {
    model: 'black-forest-labs/flux-schnell',
    to: 'out/foxes',
    concurrency: 2,
    signal,
  },
);
run.progress.subscribe(({ done, total }) => console.log(`${done} of ${total}`));
try {
  await run;
} catch (error) {
  if (!signal.aborted || !isRunFault(error)) throw error;
  console.log(`${error.message}: ${error.totals.saved} saved, run again for the rest`);
}

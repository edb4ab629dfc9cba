// Takes images one by one, as they are saved; a slow loop holds the run back. Leaving the loop ends
// the run, after the images in flight are saved.
import { images } from 'rxposure';

const run = images(['a red fox', 'an owl', 'a hare', 'a deer'], {
  model: 'black-forest-labs/flux-schnell',
  to: 'out/forest',
  concurrency: 1,
});
let taken = 0;
for await (const { prompt, files } of run) {
  console.log(`${prompt}: ${files.map(({ path }) => path)}`);
  taken += 1;
  if (taken === 2) break;
}

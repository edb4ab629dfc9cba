// Makes the images of a list and saves them below `out/animals`. If you run it again, it makes only
// the missing ones.
import { images } from 'rxposure';

const run = images(['a red fox', { prompt: 'an owl', num_outputs: 2 }], {
  model: 'black-forest-labs/flux-schnell',
  to: 'out/animals',
  budgetUsd: 1,
});
run.progress.subscribe(({ done, total, costUsd }) => console.log(`${done} of ${total}, $${costUsd}`));
const { totals } = await run;
console.log(`${totals.saved} saved for $${totals.costUsd}`);

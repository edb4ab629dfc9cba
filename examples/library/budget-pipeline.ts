// A pipeline of your own from operators: images beyond the budget are skipped, and the others are
// made, downloaded and listed in a manifest.
import { from } from 'rxjs';
import { createDownloader, createLedger, createReplicateProvider } from 'rxposure';
import { awaitPrediction, budgetTake, createPrediction, downloadOutput } from 'rxposure/operators';
import { toManifest, toOutcome } from 'rxposure/sinks';

const folder = 'out/budget';
const model = 'black-forest-labs/flux-schnell';
const provider = createReplicateProvider();
const ledger = createLedger({ limitMicroUsd: 7_000 });

const outcomes = from(['a red fox', 'an owl', 'a hare'].map((prompt) => ({ model, input: { prompt } }))).pipe(
  budgetTake(ledger, { priceOf: provider.answers.estimateOf }),
  createPrediction(provider),
  awaitPrediction(provider),
  downloadOutput(createDownloader(provider), { folder }),
  toOutcome({ folder }),
  toManifest(folder),
);
await outcomes.forEach(({ status, prompt, costUsd }) => {
  console.log(`${status}: ${prompt}, $${costUsd}`);
});

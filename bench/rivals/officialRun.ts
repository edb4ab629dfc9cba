// The official client's `run()` under a limiter, as people write it: blocking or polling. Reports
// when it knew of each end.
import { readFile } from 'node:fs/promises';
import Replicate from 'replicate';

const [prompts = '', mode = 'block', concurrency = '10', model = ''] = process.argv.slice(2);
const replicate = new Replicate({
  auth: process.env.REPLICATE_API_TOKEN ?? '',
  baseUrl: process.env.REPLICATE_BASE_URL ?? '',
  useFileOutput: false,
});
const wait = mode === 'block' ? { mode: 'block' as const } : { mode: 'poll' as const };
const lines = (await readFile(prompts, 'utf8')).trim().split('\n');

async function lane(): Promise<void> {
  for (let prompt = lines.shift(); prompt !== undefined; prompt = lines.shift()) {
    let predictionId = '';
    await replicate.run(model as `${string}/${string}`, { input: { prompt }, wait }, (prediction) => {
      predictionId = prediction.id;
    });
    console.log(JSON.stringify({ type: 'finished', predictionId }));
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, lane));

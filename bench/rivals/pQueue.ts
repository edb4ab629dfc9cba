// The official client's `run()` under p-queue, originals to disk.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import PQueue from 'p-queue';
import Replicate from 'replicate';

const [promptFile = '', folder = '', concurrency = '10'] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseUrl = '' } = process.env;
const replicate = new Replicate({ baseUrl, useFileOutput: false });
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(folder, { recursive: true });

const queue = new PQueue({ concurrency: Number(concurrency) });
const jobs = prompts.map((prompt, index) => async () => {
  const output = await replicate.run('black-forest-labs/flux-schnell', { input: { prompt, seed: index } });
  const [url] = output as string[];
  const image = Buffer.from(await (await fetch(url ?? '')).arrayBuffer());
  await writeFile(`${folder}/${index}.webp`, image);
});
await queue.addAll(jobs);

// The first attempt of many users: `Promise.all` over the official client's `run`, images to disk.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import Replicate from 'replicate';

const [promptFile = '', folder = ''] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseUrl = '' } = process.env;
const replicate = new Replicate({ baseUrl, useFileOutput: false });
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(folder, { recursive: true });

await Promise.all(
  prompts.map(async (prompt, index) => {
    const output = await replicate.run('black-forest-labs/flux-schnell', { input: { prompt, seed: index } });
    const [url] = output as string[];
    const image = Buffer.from(await (await fetch(url ?? '')).arrayBuffer());
    await writeFile(`${folder}/${index}.webp`, image);
  }),
);

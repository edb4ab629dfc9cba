// The usual program: the official client's `run` under a limit, renditions with sharp inside the
// same slot.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import Replicate from 'replicate';
import sharp from 'sharp';

const [promptFile = '', folder = '', concurrency = '10'] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseUrl = '' } = process.env;
const replicate = new Replicate({ baseUrl, useFileOutput: false });
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(folder, { recursive: true });

const queue = prompts.entries();
async function worker(): Promise<void> {
  for (const [index, prompt] of queue) {
    const output = await replicate.run('black-forest-labs/flux-schnell', { input: { prompt, seed: index } });
    const [url] = output as string[];
    const image = Buffer.from(await (await fetch(url ?? '')).arrayBuffer());
    await writeFile(`${folder}/${index}.webp`, image);
    await Promise.all([
      sharp(image).resize(1080, 1080).jpeg({ quality: 80 }).toFile(`${folder}/${index}-square.jpg`),
      sharp(image).resize(1080, 1920).webp({ quality: 80 }).toFile(`${folder}/${index}-story.webp`),
      sharp(image).resize(1200, 628).webp({ quality: 80 }).toFile(`${folder}/${index}-ad.webp`),
    ]);
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, worker));

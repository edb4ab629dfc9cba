// A careful program without any library: a loop of fetch with `Prefer: wait` under a limit,
// originals to disk.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const [promptFile = '', folder = '', concurrency = '10'] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseUrl = '', REPLICATE_API_TOKEN: token = '' } = process.env;
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(folder, { recursive: true });

const queue = prompts.entries();
async function worker(): Promise<void> {
  for (const [index, prompt] of queue) {
    const response = await fetch(`${baseUrl}/models/black-forest-labs/flux-schnell/predictions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait' },
      body: JSON.stringify({ input: { prompt, seed: index } }),
    });
    const { output } = JSON.parse(await response.text());
    const image = Buffer.from(await (await fetch(output[0])).arrayBuffer());
    createHash('sha256').update(image).digest('hex');
    await writeFile(`${folder}/${index}.webp`, image);
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, worker));

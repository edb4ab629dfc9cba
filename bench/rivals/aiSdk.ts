// The AI SDK's `generateImage` with its Replicate provider, in a loop under a limit.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createReplicate } from '@ai-sdk/replicate';
import { generateImage } from 'ai';

const [promptFile = '', folder = '', concurrency = '10'] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseURL = '', REPLICATE_API_TOKEN: apiToken = '' } = process.env;
/** It downloads nothing from this machine, where the simulator is: its file host gets another name. */
const throughNames: typeof fetch = async (input, init) => {
  const url = String(input);
  if (!url.startsWith(baseURL)) return fetch(url.replace('files.example', '127.0.0.1'), init);
  const response = await fetch(url, init);
  const body = await response.text();
  const { status, headers } = response;
  return new Response(body.replaceAll('http://127.0.0.1', 'http://files.example'), { status, headers });
};
const model = createReplicate({ baseURL, apiToken, fetch: throughNames }).image(
  'black-forest-labs/flux-schnell',
);
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(folder, { recursive: true });

const queue = prompts.entries();
async function worker(): Promise<void> {
  for (const [index, prompt] of queue) {
    const { image } = await generateImage({ model, prompt, seed: index });
    await writeFile(`${folder}/${index}.webp`, image.uint8Array);
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, worker));

// The loop of `bareFetch.ts` with the least that a program must do for the files and promises of
// rxposure: a log that is flushed before and after each create request, images, thumbnails and
// sidecars flushed before they get their names, each image decoded. No retries, no limits, no
// gallery: it is the floor of the work an image, not a program to use.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import sharp from 'sharp';

const [promptFile = '', folder = '', concurrency = '10'] = process.argv.slice(2);
const { REPLICATE_BASE_URL: baseUrl = '', REPLICATE_API_TOKEN: token = '' } = process.env;
const prompts = (await readFile(promptFile, 'utf8')).split('\n').filter(Boolean);
await mkdir(`${folder}/thumbnails`, { recursive: true });
sharp.concurrency(1);

const log = await open(`${folder}/log.jsonl`, 'a');
let lines: string[] = [];
let flushed: Promise<void> | null = null;
/** Resolves once the entry is on the disk, with all that came in the meantime. */
function note(entry: object): Promise<void> {
  lines.push(`${JSON.stringify(entry)}\n`);
  flushed ??= Promise.resolve().then(async () => {
    // Those of the same turn.
    await new Promise(setImmediate);
    const together = lines.join('');
    lines = [];
    flushed = null;
    await log.appendFile(together);
    await log.datasync();
  });
  return flushed;
}

async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const handle = await open(`${path}.part`, 'wx');
  await handle.writeFile(content);
  await handle.sync();
  await handle.close();
  await rename(`${path}.part`, path);
}

const queue = prompts.entries();
async function worker(): Promise<void> {
  for (const [index, prompt] of queue) {
    const input = { prompt, seed: index };
    await note({ index, type: 'intended', input });
    const response = await fetch(`${baseUrl}/models/black-forest-labs/flux-schnell/predictions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait' },
      body: JSON.stringify({ input }),
    });
    const prediction = JSON.parse(await response.text());
    await note({ index, type: 'created', id: prediction.id });
    const image = Buffer.from(await (await fetch(prediction.output[0])).arrayBuffer());
    const sha256 = createHash('sha256').update(image).digest('hex');
    await writeWhole(`${folder}/${index}.webp`, image);
    const thumbnail = sharp(image).resize(440, 440, { fit: 'inside', withoutEnlargement: true });
    await writeWhole(
      `${folder}/thumbnails/${index}.webp`,
      await thumbnail.webp({ quality: 72, effort: 2 }).toBuffer(),
    );
    await writeWhole(
      `${folder}/${index}.json`,
      JSON.stringify({ ...prediction, index, input, sha256 }, null, 2),
    );
    await note({ index, type: 'saved', sha256 });
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, worker));
await log.close();

// Run by a test as a process of its own: stores the same results as its siblings and reads them
// back.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { openResultCache } from '../../src/store/resultCache.ts';
import { aPrediction } from './aPlan.ts';

const [cacheFolder = ''] = process.argv.slice(2);
const own = await mkdtemp(join(tmpdir(), 'rxposure-cache-'));
const cache = await openResultCache(cacheFolder);
for (let round = 0; round < 10; round += 1) {
  const content = `picture ${round}`.repeat(10_000);
  const path = join(own, `${round}.png`);
  await writeFile(path, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = { path, bytes: content.length, sha256, format: 'png', widthPx: 1, heightPx: 1 };
  await lastValueFrom(cache.keep(`k${round}`, { prediction: aPrediction(), files: [file] }));
  const restored = await lastValueFrom(cache.restore(`k${round}`, { stem: join(own, `back-${round}`) }));
  if (restored?.files[0]?.sha256 !== sha256) process.exitCode = 1;
}
await rm(own, { recursive: true });

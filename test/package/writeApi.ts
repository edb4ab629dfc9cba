import { mkdir, rm, writeFile } from 'node:fs/promises';
import { packPackage } from './packPackage.ts';
import { readApi } from './readApi.ts';

/** The report of a subpath: `test/package/api/rx.txt` for `rxposure/rx`. */
export function reportPath(subpath: string): string {
  return `test/package/api/${subpath.replace(/^\.\/?/, '') || 'rxposure'}.txt`;
}

if (import.meta.main) {
  const { texts } = readApi((await packPackage()).root);
  await rm('test/package/api', { recursive: true, force: true });
  await mkdir('test/package/api', { recursive: true });
  for (const [subpath, text] of texts) await writeFile(reportPath(subpath), text);
}

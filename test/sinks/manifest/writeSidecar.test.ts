import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { writeSidecar } from '../../../src/sinks/manifest/sidecar.ts';
import type { OutcomeFile } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

function aFile(fields: Partial<OutcomeFile>): OutcomeFile {
  const size = { width: 1, height: 1, format: 'png', bytes: 1, sha256: '' };
  return { role: 'original', name: 'original', path: 'cat.png', ...size, ...fields };
}

describe('writeSidecar', () => {
  it('writes the outcome beside each original', async () => {
    const outcome = anOutcome({
      files: [
        aFile({ path: 'v1.5/cat-1.png' }),
        aFile({ role: 'rendition', name: 'square', path: 'v1.5/cat-1-square.jpg' }),
        aFile({ path: 'v1.5/cat-2.png' }),
      ],
    });
    expect(await firstValueFrom(writeSidecar(folder(), outcome))).toBe(outcome);
    expect((await readdir(join(folder(), 'v1.5'))).sort()).toEqual(['cat-1.json', 'cat-2.json']);
    expect(JSON.parse(await readFile(join(folder(), 'v1.5/cat-2.json'), 'utf8'))).toEqual(outcome);
  });

  it('writes nothing for an outcome without files', async () => {
    const outcome = anOutcome({ status: 'failed' });
    expect(await firstValueFrom(writeSidecar(folder(), outcome))).toBe(outcome);
    expect(await readdir(folder())).toEqual([]);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/**
 * What people get who install the package: plain JavaScript, without tsx and without the sources.
 */
it('the built package makes a gallery', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    await run(resolve('node_modules/.bin/tsc'), [
      '--project',
      'tsconfig.build.json',
      '--outDir',
      join(folder, 'dist'),
    ]);
    await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'dir');
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const script = `
      import { createReport, writeGallery } from './dist/sinks/index.js';
      const report = createReport().toJSON({ elapsedMs: 0 });
      const outcomes = (async function* () {})();
      await writeGallery('.', { report, outcomes, thumbnails: { pathOf: () => null } });`;
    await writeFile(join(folder, 'make.js'), script);
    await run(process.execPath, ['make.js'], { cwd: folder });
    const html = await readFile(join(folder, 'gallery.html'), 'utf8');
    expect(html).toContain('"jobs":[]}</script>');
    expect(html).toContain('createElement');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

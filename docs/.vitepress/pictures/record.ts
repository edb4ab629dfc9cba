// Records the terminal of README.md: `npm run record`. Runs the packed package, as npm installs it,
// in an empty folder, with the prompts of the README. Linux, half a minute.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackage } from '../../../test/package/packPackage.ts';
import { drawTerminal } from './drawTerminal.ts';
import { recordTerminal } from './recordTerminal.ts';

const COLUMNS = 96;
const ROWS = 26;

const { root } = await packPackage();
const cwd = await mkdtemp(join(tmpdir(), 'rxposure-'));
try {
  const readme = await readFile('README.md', 'utf8');
  const [, prompts = ''] = /> prompts\.csv <<'END'\n([\s\S]*?)END\n/.exec(readme) ?? [];
  await writeFile(join(cwd, 'prompts.csv'), prompts);
  const words = 'generate prompts.csv --count 4 --simulate --rendition instagram_post';
  const command = {
    typed: `npx rxposure ${words}`,
    run: `${process.execPath} ${join(root, 'dist/cli/bin/rxposure.js')} ${words}`,
  };
  const frames = await recordTerminal({
    columns: COLUMNS,
    rows: ROWS,
    cwd,
    shownCwd: '/home/mia/animals',
    commands: [{ typed: 'cat prompts.csv', run: 'cat prompts.csv' }, command, command],
  });
  const label = 'A run of 20 images in a terminal, and the same command again: nothing is made twice';
  await writeFile('docs/images/terminal.svg', drawTerminal(frames, COLUMNS, label));
} finally {
  await rm(cwd, { recursive: true, force: true });
}

import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/cli/bin/completion.ts';
import { commandTable } from '../../../src/cli/flags/commandTable.ts';
import { flagTable } from '../../../src/cli/flags/flagTable.ts';
import { strategies } from '../../../src/pipelines/run/feeds.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const run = promisify(execFile);
const folder = temporaryFolder();
const scripts = { bash: '', zsh: '', fish: '' };
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) scripts[shell] = await completionOf(shell);
});

/** Returns the completions of bash behind these words, as it splits them itself. */
async function completed(...words: string[]): Promise<string[]> {
  const path = join(folder(), 'completion.bash');
  await writeFile(path, scripts.bash);
  const program = `source '${path}'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rxposure; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', program, 'bash', 'rxposure', ...words], {
    cwd: folder(),
  });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  it('completes commands', async () => {
    expect(await completed('c')).toEqual(
      [...['campaign', 'compose', 'compare', 'collect', 'completion', 'check', 'calibrate']].toSorted(
        (one, other) => Object.keys(commandTable).indexOf(one) - Object.keys(commandTable).indexOf(other),
      ),
    );
    expect(await completed('help', 'sim')).toEqual(['simulator']);
  });

  it('completes flags that the command has', async () => {
    expect(await completed('generate', 'a.csv', '--pro')).toEqual(['--prompt', '--provenance', '--provider']);
    expect(await completed('campaign', 'a.yaml', '--prompt')).toEqual([]);
    expect(await completed('runs', '--')).toEqual(['--json', '--no-config', '--help', '--version']);
    expect(await completed('render', 'out/a', '--pic')).toEqual(['--picks']);
  });

  it('completes values, also behind an equals sign', async () => {
    expect(await completed('generate', '--strategy', '')).toEqual(Object.keys(strategies));
    expect(await completed('generate', '--strategy', '=', 'w')).toEqual(['waves']);
    expect(await completed('generate', '--strategy', '=')).toEqual(Object.keys(strategies));
    expect(await completed('picks', 'out/a', 'picks.json', '--files', 'r')).toEqual(['renditions']);
    expect(await completed('init', 'var')).toEqual(['variations']);
    expect(await completed('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('leaves files to bash, and offers folders where they belong', async () => {
    await run('mkdir', ['-p', join(folder(), 'out/night')]);
    await writeFile(join(folder(), 'outer.csv'), '');
    expect(await completed('generate', 'ou')).toEqual([]);
    expect(await completed('generate', 'a.csv', '--count', '')).toEqual([]);
    expect(await completed('generate', 'a.csv', '--out', 'ou')).toEqual(['out']);
  });
});

describe.each(['bash', 'zsh', 'fish'] as const)('the script for %s', (shell) => {
  const parser = { bash: 'bash', zsh: 'zsh', fish: 'fish' }[shell];
  const isThere = spawnSync(parser, ['--version']).status === 0;

  it.skipIf(!isThere)(`is one that the shell can read (skipped if ${parser} is not installed)`, async () => {
    const path = join(folder(), `completion.${shell}`);
    await writeFile(path, scripts[shell]);
    const { stderr } = await run(parser, ['-n', path]);
    expect(stderr).toBe('');
  });

  it('has every command and every flag, and closes every quote', () => {
    const flag = (name: string) => (shell === 'fish' ? `-l ${name} ` : `--${name}`);
    for (const name of Object.keys(commandTable)) expect(scripts[shell]).toContain(name);
    for (const { name } of flagTable) expect(scripts[shell]).toContain(flag(name));
    // The shells other than fish have an escaped quote outside of the others.
    const escaped = shell === 'fish' ? /\\['\\]/g : /'\\''/g;
    const open = scripts[shell]
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .filter((line) => (line.replace(escaped, '').match(/'/g)?.length ?? 0) % 2 === 1);
    expect(open).toEqual([]);
  });
});

it('knows three shells', async () => {
  await expect(completionOf('tcsh')).rejects.toThrow('Expected a shell, one of bash, zsh, fish, got `tcsh`');
});

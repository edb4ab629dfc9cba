import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

function rxposure(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: '1' };
  return new Promise((done) => {
    execFile(process.execPath, ['pipelines/rxposure.ts', ...words], { env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('rxposure without a command', () => {
  it('lists every command in a line each, and a first command to try', async () => {
    const { code, stdout } = await rxposure();
    expect(code).toBe(0);
    const named = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[?[A-Z…]+\]?)* {2,}[a-zA-Z]/gm)].map(
      ([, name]) => name,
    );
    const scripts = (await readdir('pipelines')).map((name) => name.replace(/\.ts$/, ''));
    const withScript = scripts
      .filter((name) => name !== 'rxposure')
      .map((name) => name.replace('-failed', ''));
    expect(named).toEqual(expect.arrayContaining(withScript));
    expect(stdout).toContain('campaign examples/summer-launch.yaml --simulate\n');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('names the command of a file that was given alone', async () => {
    const { code, stderr } = await rxposure('examples/teapots.yaml', '--simulate');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: Expected a command, got `examples/teapots.yaml`\nhint: Did you mean `npx tsx pipelines/grid.ts examples/teapots.yaml --simulate`?\n',
    );
  });

  it('names the command of a file that another was given', async () => {
    const { code, stderr } = await rxposure('generate', 'examples/teapots.yaml', '--simulate');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: examples/teapots.yaml: Expected prompts, got a grid spec\nhint: Did you mean `npx tsx pipelines/grid.ts examples/teapots.yaml --simulate`?\n',
    );
  });
});

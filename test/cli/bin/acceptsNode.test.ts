import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { acceptsNode } from '../../../src/cli/bin/nodeVersion.ts';

function hostOf(node: string) {
  const written: string[] = [];
  return {
    versions: { node },
    stderr: { write: (text: string) => written.push(text) },
    exitCode: 0,
    written,
  };
}

describe('acceptsNode', () => {
  it.each(['22.13.0', '22.22.1', '24.0.0', '100.1.2', '23.0.0-nightly'])('accepts %s', (version) => {
    const host = hostOf(version);
    expect({ accepted: acceptsNode(host), ...host }).toMatchObject({
      accepted: true,
      exitCode: 0,
      written: [],
    });
  });

  it.each(['22.12.9', '20.20.2', '4.9.1'])('refuses %s in one line', (version) => {
    const host = hostOf(version);
    expect(acceptsNode(host)).toBe(false);
    expect(host.exitCode).toBe(2);
    expect(host.written).toEqual([
      `error: Expected Node 22.13 or later, got ${version}. Install a newer one from https://nodejs.org.\n`,
    ]);
  });

  it('is the oldest of package.json', async () => {
    const { engines } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(engines.node).toBe('>=22.13');
    expect(acceptsNode(hostOf(engines.node.slice(2)))).toBe(true);
  });

  it('is asked by every script before anything else is imported', async () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.1.0' });";
    const started = promisify(execFile)(process.execPath, [
      ...['--import', `data:text/javascript,${encodeURIComponent(old)}`],
      'pipelines/generate.ts',
    ]);
    await expect(started).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: .*20\.1\.0.*\n$/),
    });
  });
});

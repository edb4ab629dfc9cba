import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { runScript, type ScriptMain } from '../../../src/cli/script/runScript.ts';
import { ProviderError, UsageError } from '../../../src/errors.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';

class FakeHost extends EventEmitter {
  argv: string[];
  env: Record<string, string | undefined> = { REPLICATE_API_TOKEN: 'r8_secret_token' };
  stdin = Readable.from([]);
  stdout = new FakeStream();
  stderr = new FakeStream();
  exitCode: number | string | null | undefined;
  exits: number[] = [];

  constructor(...argv: string[]) {
    super();
    this.argv = ['node', 'script.ts', ...argv];
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

async function run(main: ScriptMain, host = new FakeHost()): Promise<FakeHost> {
  await runScript(main, host);
  return host;
}

function fail(error: unknown): ScriptMain {
  return async () => {
    throw error;
  };
}

it('passes on the arguments and takes the exit code', async () => {
  let seen: readonly string[] = [];
  const host = await run(async (argv, io) => {
    seen = argv;
    io.stdout.write('out');
    return 130;
  }, new FakeHost('a', '--json'));
  expect(seen).toEqual(['a', '--json']);
  expect(host.exitCode).toBe(130);
  expect(host.stdout.text).toBe('out');
  expect(host.stderr.text).toBe('');
});

it('prints an error without the token', async () => {
  const host = await run(fail(new UsageError('bad r8_secret_token', { suggestion: 'Try r8_secret_token.' })));
  expect(host.stderr.text).toBe('error: bad [token]\nhint: Try [token].\n');
  expect(host.stdout.text).toBe('');
  expect(host.exitCode).toBe(2);
});

it('exits with 3 if the service refuses all jobs', async () => {
  const host = await run(fail(new ProviderError('ERR_CREDIT', 'No credit', { stopsRun: true })));
  expect(host.exitCode).toBe(3);
});

it('shows the stack of an unexpected error only on request, and never the token', async () => {
  const error = new TypeError('x of r8_secret_token');
  const host = await run(fail(error));
  expect(host.stderr.lines).toHaveLength(2);
  expect(host.exitCode).toBe(1);
  const debugged = new FakeHost();
  debugged.env.RXPOSURE_DEBUG = '1';
  await run(fail(error), debugged);
  expect(debugged.stderr.text).toContain('runScript.test.ts');
  expect(debugged.stderr.text).not.toContain('r8_secret');
});

it('adds an event under --json, and only there', async () => {
  const host = await run(fail(new UsageError('bad r8_secret_token')), new FakeHost('--json'));
  expect(JSON.parse(host.stdout.text)).toEqual({
    type: 'error',
    error: {
      name: 'UsageError',
      code: 'ERR_USAGE',
      message: 'bad [token]',
      recoverable: false,
      suggestion: '',
    },
  });
  expect(host.stderr.text).toBe('error: bad [token]\n');
  const other = await run(fail(new UsageError('bad')), new FakeHost('--', '--json'));
  expect(other.stdout.text).toBe('');
});

it('ends quietly if the reader goes away', async () => {
  let closedCount = 0;
  const host = new FakeHost();
  await run(async (_argv, io) => {
    io.outputClosed.subscribe(() => {
      closedCount += 1;
    });
    for (const code of ['EPIPE', 'EPIPE']) host.stdout.emit('error', Object.assign(new Error(), { code }));
    return 0;
  }, host);
  expect(closedCount).toBe(1);
  expect(host.stderr.text).toBe('');
  expect(host.exitCode).toBe(0);
  // Also after the end, when the last write fails.
  expect(() => host.stdout.emit('error', Object.assign(new Error(), { code: 'EPIPE' }))).not.toThrow();
});

it('reports that the output cannot be written to', async () => {
  const host = new FakeHost();
  await run(async () => {
    host.stdout.emit('error', Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    return 0;
  }, host);
  expect(host.exitCode).toBe(1);
  expect(host.stderr.text).toContain('Cannot write to standard output: ENOSPC: no space left');
});

it('exits with a clean line if a callback throws, and shows the cursor again', async () => {
  const host = new FakeHost();
  host.stderr.isTTY = true;
  await run(async () => {
    host.emit('uncaughtException', new TypeError('late'));
    return 0;
  }, host);
  expect(host.stderr.lines[0]).toBe('error: unexpected TypeError: late');
  expect(host.stderr.text).toContain('\x1b[?25h');
  expect(host.exits).toEqual([1]);
});

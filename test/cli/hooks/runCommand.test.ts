import { expect, it } from 'vitest';
import { runCommand } from '../../../src/cli/hooks/runCommand.ts';

const run = (command: string) =>
  runCommand(command, { facts: {}, content: {}, timeoutMs: 10_000 }, { env: process.env, token: null });

it('reports why a command failed, also by its last output that is still in the pipe', async () => {
  expect(await run('(sleep 0.05; echo no room >&2) & exit 3')).toBe('exit code 3, no room');
});

it('does not wait for a process that a command has left behind', async () => {
  const left = 'sleep 20 & echo $!>&2;';
  const failure = await run(`${left} exit 3`);
  const [pid] = /\d+$/.exec(failure ?? '') ?? [];
  expect(failure).toMatch(/^exit code 3, \d+$/);
  process.kill(Number(pid));
  expect(await run(`sleep 0.3 & exit 0`)).toBeNull();
});

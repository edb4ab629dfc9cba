import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends a server as soon as this process is gone, also if it was killed and could end nothing: a
 * shell waits for that. On Windows the next start ends it.
 */
export function endWithProcess(server: ChildProcess): void {
  if (process.platform === 'win32') return;
  const guard = spawn('/bin/sh', ['-c', `read _; kill -INT ${server.pid}`], {
    // The pipe closes with this process.
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a guard, the next start ends it.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  server.once('exit', () => guard.kill('SIGKILL'));
}

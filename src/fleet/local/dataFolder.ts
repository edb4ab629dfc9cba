import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lchown, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { option, UsageError } from '../../errors.ts';

const run = promisify(execFile);

/** The user that a database runs as; `{}`: that of this process. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** Name of the file in the folder that has the password of the database. */
export const PASSWORD_FILE = 'password';
const NOT_OURS = `Delete it, or choose another folder with ${option('--out')}.`;

/**
 * Makes a folder that only its user can read. Rejects with `UsageError` if another user has made
 * it, or it is not a folder.
 */
export async function takeFolder(folder: string, { uid, gid }: User): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  const isOurs = process.getuid === undefined || [process.getuid(), uid].includes(stats.uid);
  if (!stats.isDirectory() || !isOurs) {
    throw new UsageError(`${folder} is not a folder of this user: the database could be another one's.`, {
      suggestion: NOT_OURS,
    });
  }
  if (uid !== undefined) await lchown(folder, uid, gid ?? uid);
  await chmod(folder, 0o700);
}

/** Returns the password of the database, which is made with the folder. */
export async function passwordIn(folder: string, { uid, gid }: User): Promise<string> {
  const path = join(folder, PASSWORD_FILE);
  if (existsSync(join(folder, 'data'))) {
    return readFile(path, 'utf8').catch((cause: unknown) => {
      throw new UsageError(`${folder} has a database without its password.`, { suggestion: NOT_OURS, cause });
    });
  }
  const password = randomBytes(24).toString('hex');
  await rm(path, { force: true });
  await writeFile(path, password, { mode: 0o600, flag: 'wx' });
  // Its server reads it once.
  if (uid !== undefined) await lchown(path, uid, gid ?? uid);
  return password;
}

/** Ends the server of these data that a killed process has left running. */
export async function endOrphan(data: string): Promise<void> {
  const [line = ''] = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(line);
  const isRunning = async () => {
    if (!Number.isInteger(pid) || pid <= 1) return false;
    // Another process may have its number by now.
    const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', line]).catch(() => ({ stdout: '' }));
    return stdout.includes(data);
  };
  // The first signal waits for running statements, the second for nothing.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isRunning())) return;
    process.kill(pid, signal);
    for (let look = 0; look < 50 && (await isRunning()); look += 1) await setTimeout(100);
  }
}

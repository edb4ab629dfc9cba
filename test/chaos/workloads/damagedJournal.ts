import { copyFile, cp, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../../src/simulator/engine/random.ts';
import type { Misfortune, Workload } from './workload.ts';

/** The files of a journal; a killed run leaves the last two of the database. */
const WITNESSES = ['run.sqlite', 'run.sqlite-wal', 'run.sqlite-shm', 'journal.jsonl'] as const;

/**
 * A kill is followed by damage to the journal: a bit flips in `run.sqlite`, in its WAL or in
 * `journal.jsonl`, an older copy of `run.sqlite` is put back, half a WAL is left, or `run.sqlite` or
 * the log is gone. The next run repairs it from the other witness, or refuses the folder, which then
 * is as it was before.
 */
export const damagedJournal: Workload = {
  name: 'damage',
  befall: async (folder, random) => {
    if ((await sizeOf(join(folder, 'run.sqlite'))) === 0) return null;
    const copy = `${folder}.copy`;
    await copyWitnesses(folder, copy);
    const name = await strike(folder, random);
    await keepOlderCopy(copy, `${folder}.older`, random);
    return { name, undo: () => copyWitnesses(copy, folder) } satisfies Misfortune;
  },
};

interface Damage {
  readonly name: string;
  /** Resolves with false if there is nothing to damage so. */
  readonly strike: (folder: string, random: Random) => Promise<boolean>;
}

/** Does some damage; returns its name. */
async function strike(folder: string, random: Random): Promise<string> {
  for (;;) {
    const damage = random.pick(DAMAGES);
    if (await damage.strike(folder, random)) return damage.name;
  }
}

const flipIn = (file: (typeof WITNESSES)[number]): Damage => ({
  name: `bit flipped in ${file}`,
  strike: (folder, random) => flipBit(join(folder, file), random),
});

const DAMAGES: readonly [Damage, ...Damage[]] = [
  flipIn('run.sqlite'),
  flipIn('run.sqlite'),
  flipIn('run.sqlite-wal'),
  flipIn('run.sqlite-wal'),
  flipIn('journal.jsonl'),
  flipIn('journal.jsonl'),
  { name: 'older run.sqlite put back', strike: putOlderCopyBack },
  {
    name: 'older run.sqlite beside its WAL',
    strike: (folder) => copyIfThere(join(`${folder}.older`, 'run.sqlite'), join(folder, 'run.sqlite')),
  },
  {
    name: 'half a WAL',
    strike: async (folder, random) => {
      const path = join(folder, 'run.sqlite-wal');
      const bytes = await sizeOf(path);
      if (bytes > 0) await truncate(path, Math.floor(bytes * random.between(0.1, 0.9)));
      return bytes > 0;
    },
  },
  {
    name: 'run.sqlite gone',
    strike: async (folder) => {
      for (const name of WITNESSES.slice(0, 3)) await rm(join(folder, name), { force: true });
      return true;
    },
  },
  {
    name: 'journal.jsonl gone',
    strike: async (folder) => {
      await rm(join(folder, 'journal.jsonl'), { force: true });
      return true;
    },
  },
];

async function flipBit(path: string, random: Random): Promise<boolean> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  if (bytes.length === 0) return false;
  const at = Math.floor(random.next() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
  await writeFile(path, bytes);
  return true;
}

/** Puts `run.sqlite` back as it was after an earlier kill, with the WAL that it had then. */
async function putOlderCopyBack(folder: string): Promise<boolean> {
  const older = `${folder}.older`;
  if ((await sizeOf(join(older, 'run.sqlite'))) === 0) return false;
  for (const name of WITNESSES.slice(0, 3)) {
    await rm(join(folder, name), { force: true });
    await copyIfThere(join(older, name), join(folder, name));
  }
  return true;
}

/** Keeps the copy of one kill in three, so that older ones have missed some runs. */
async function keepOlderCopy(copy: string, older: string, random: Random): Promise<void> {
  if ((await sizeOf(join(older, 'run.sqlite'))) > 0 && random.next() > 1 / 3) return;
  await rm(older, { recursive: true, force: true });
  await cp(copy, older, { recursive: true });
}

async function copyWitnesses(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of WITNESSES) {
    await rm(join(to, name), { force: true });
    await copyIfThere(join(from, name), join(to, name));
  }
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  const isThere = (await sizeOf(from)) > 0;
  if (isThere) await copyFile(from, to);
  return isThere;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

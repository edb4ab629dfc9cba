import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncScheduler, of, type SchedulerLike } from 'rxjs';
import { expect } from 'vitest';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../../src/simulator/index.ts';
import { describeTable } from '../../../helpers/recoveryTable.ts';
import { type ScriptRun, type Scripts, scriptsInFolder } from '../../../helpers/scriptsInFolder.ts';

const prompts = ['a', 'b', 'c'];
const longer = ['new', ...prompts];
const moved = ['c', 'a', 'b'];
/** By then the service has deleted its predictions. */
const hoursLater: SchedulerLike = {
  now: () => asyncScheduler.now() + 2 * 3_600_000,
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};

/** A finished folder of three prompts. */
async function finished(flags = '', config: SimulatorConfig = {}) {
  const scripts = await scriptsInFolder(config);
  expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, made: 3 });
  return scripts;
}

/** A finished folder whose jobs have moved since they were made, and one of which is unused. */
async function changed() {
  const scripts = await scriptsInFolder();
  await scripts.generate(['gone', ...prompts]);
  const { code, made, outcomes } = await scripts.generate(moved);
  expect({ code, made }).toEqual({ code: 0, made: 0 });
  return { scripts, key: outcomes[1]?.key };
}

const remove = async ({ at }: Scripts, ...names: string[]) => {
  for (const name of names) await rm(at(name), { recursive: true, force: true });
};
const database = ['run.sqlite', 'run.sqlite-wal', 'run.sqlite-shm'];
/** Turns around a bit wherever a file names the key of a job; the database also has it in free pages. */
async function damage({ at }: Scripts, name: string, key = ''): Promise<void> {
  const bytes = await readFile(at(name));
  const first = bytes.indexOf(key);
  expect(first).toBeGreaterThan(0);
  for (let place = first; place >= 0; place = bytes.indexOf(key, place + 1)) {
    bytes[place] = (bytes[place] ?? 0) ^ 1;
  }
  await writeFile(at(name), bytes);
}
/** Expects that only the new jobs of a changed input are paid for. */
async function expectOnlyNew(scripts: Scripts, next: ScriptRun): Promise<number> {
  expect(next).toMatchObject({ code: 0, made: 0, totals: { alreadySaved: 3 } });
  const more = await scripts.generate(longer);
  expect(more).toMatchObject({ code: 0, made: 1, totals: { alreadySaved: 3 } });
  expect(await scripts.generate(['gone', ...longer])).toMatchObject({ code: 0, made: 0, unused: [] });
  return next.made;
}

describeTable('A file in the folder', {
  'an image is deleted, within the hour after it was made': async () => {
    const scripts = await finished();
    const before = await readFile(scripts.at('0002-b.webp'));
    await remove(scripts, '0002-b.webp');
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 2, saved: 1, costUsd: 0 } });
    expect(await readFile(scripts.at('0002-b.webp'))).toEqual(before);
    return next.made;
  },
  'an image is deleted, later': async () => {
    const scripts = await finished();
    await remove(scripts, '0002-b.webp');
    const next = await scripts.generate(prompts, '', { scheduler: hoursLater, isWhole: false });
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 3 } });
    expect(next.warnings).toEqual([expect.stringMatching(/1 job has lost its images \(#2\).*--repay/)]);
    return next.made;
  },
  'an image is deleted, later, with `--repay`': async () => {
    const forgotten = new Set<string | null>();
    const faults = { lifetimeMs: ({ id }: { id: string }) => (forgotten.has(id) ? 0 : null) };
    const scripts = await finished('', { faults });
    await remove(scripts, '0002-b.webp');
    // As long as the service has it, nothing is paid.
    const early = await scripts.generate(prompts, '--repay', { scheduler: hoursLater });
    expect(early).toMatchObject({ made: 0, totals: { saved: 1, costUsd: 0 } });
    await remove(scripts, '0002-b.webp');
    for (const { predictionId } of early.outcomes) forgotten.add(predictionId);
    const next = await scripts.generate(prompts, '--repay', { scheduler: hoursLater });
    expect(next).toMatchObject({ code: 0, made: 1, totals: { alreadySaved: 2, saved: 1 } });
    expect(next.outcomes[1]).toMatchObject({ status: 'saved', costUsd: 0.006 });
    return next.made;
  },
  'an image is edited': async () => {
    const scripts = await finished();
    await writeFile(scripts.at('0002-b.webp'), 'mine');
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 3 } });
    const rendered = await scripts.generate(prompts, '--rendition thumb=8x8');
    expect(rendered).toMatchObject({ code: 1, totals: { saved: 2, failed: 1, costUsd: 0 } });
    expect(await readFile(scripts.at('0002-b.webp'), 'utf8')).toBe('mine');
    return next.made + rendered.made;
  },
  'a rendition is deleted': async () => {
    const scripts = await finished('--rendition thumb=8x8');
    await remove(scripts, '0002-b--thumb.jpg');
    const next = await scripts.generate(prompts, '--rendition thumb=8x8', { scheduler: hoursLater });
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 2, saved: 1, costUsd: 0 } });
    return next.made;
  },
  'a sidecar is deleted': async () => {
    const scripts = await finished();
    await remove(scripts, '0002-b.json');
    const next = await scripts.generate(prompts);
    expect(JSON.parse(await readFile(scripts.at('0002-b.json'), 'utf8'))).toEqual(next.outcomes[1]);
    return next.made;
  },
  'thumbnails, gallery, contact sheet, report or `manifest.json` are deleted': async () => {
    const scripts = await scriptsInFolder({ render: 'full' });
    await scripts.generate(prompts, '', { gallery: true });
    const lists = ['gallery.html', 'contact-sheet.jpg', 'report.json', 'manifest.json'];
    const thumbnails = await readdir(scripts.at('.thumbs'));
    expect(thumbnails).toHaveLength(3);
    await remove(scripts, '.thumbs', ...lists);
    const next = await scripts.generate(prompts, '', { gallery: true });
    expect(lists.filter((name) => !existsSync(scripts.at(name)))).toEqual([]);
    expect(await readdir(scripts.at('.thumbs'))).toEqual(thumbnails);
    expect(next.outcomes).toHaveLength(3);
    return next.made;
  },
  '`unused/` is deleted, and a prompt comes back within the hour': async () => {
    const scripts = await finished();
    await scripts.generate(['a', 'c']);
    await remove(scripts, 'unused');
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, unused: [], totals: { saved: 1, alreadySaved: 2, costUsd: 0 } });
    return next.made;
  },
  '`run.sqlite` is deleted': async () => {
    const { scripts } = await changed();
    await remove(scripts, ...database);
    const next = await scripts.generate(moved);
    expect(next.warnings[0]).toContain('run.sqlite was missing, and was built again from journal.jsonl');
    return expectOnlyNew(scripts, next);
  },
  '`run.sqlite` is damaged or cut': async () => {
    const { scripts, key } = await changed();
    await damage(scripts, 'run.sqlite', key);
    const next = await scripts.generate(moved);
    expect(next.warnings[0]).toContain('run.sqlite was damaged, and was built again from journal.jsonl');
    expect(existsSync(scripts.at('run.sqlite.damaged'))).toBe(true);
    await truncate(scripts.at('run.sqlite'), 5_000);
    expect(await scripts.generate(moved)).toMatchObject({ code: 0, made: 0 });
    return expectOnlyNew(scripts, next);
  },
  '`run.sqlite` is replaced by an older copy': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(['gone', 'a']);
    await copyFile(scripts.at('run.sqlite'), join(scripts.root, 'older.sqlite'));
    await scripts.generate(['gone', 'a', 'b', 'c']);
    await scripts.generate(moved);
    await copyFile(join(scripts.root, 'older.sqlite'), scripts.at('run.sqlite'));
    const next = await scripts.generate(moved);
    expect(next.warnings[0]).toContain('run.sqlite was older than its log');
    return expectOnlyNew(scripts, next);
  },
  '`journal.jsonl` is deleted': async () => {
    const { scripts } = await changed();
    await remove(scripts, 'journal.jsonl');
    const next = await scripts.generate(moved);
    expect(next).toMatchObject({ code: 0, made: 0 });
    // It is whole again, and can replace the database.
    await remove(scripts, ...database);
    return expectOnlyNew(scripts, await scripts.generate(moved));
  },
  '`journal.jsonl` is damaged': async () => {
    const { scripts, key } = await changed();
    await damage(scripts, 'journal.jsonl', key);
    return expectOnlyNew(scripts, await scripts.generate(moved));
  },
  '`run.sqlite` and `journal.jsonl` are deleted': async () => {
    const { scripts } = await changed();
    await remove(scripts, ...database, 'journal.jsonl');
    const next = await scripts.generate(moved);
    expect(next.error).toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('no record of the payments'),
      suggestion: expect.stringContaining('Delete manifest.jsonl too only if'),
    });
    return next.made;
  },
  '`run.sqlite` and `journal.jsonl` are damaged': async () => {
    const { scripts, key } = await changed();
    await damage(scripts, 'run.sqlite', key);
    await damage(scripts, 'journal.jsonl', key);
    const next = await scripts.generate(moved);
    expect(next.error).toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('no whole record of the payments'),
    });
    return next.made;
  },
  '`run.sqlite`, `journal.jsonl` and `manifest.jsonl` are deleted': async () => {
    const scripts = await finished();
    const before = await readFile(scripts.at('0001-a.webp'));
    await remove(scripts, ...database, 'journal.jsonl', 'manifest.jsonl');
    // The folder does not know the earlier bills of the service.
    const next = await scripts.generate(prompts, '', { isBooked: false });
    expect(next).toMatchObject({ code: 0, made: 3 });
    expect(next.outcomes[0]?.files[0]?.path).toBe('0001-a-2.webp');
    expect(await readFile(scripts.at('0001-a.webp'))).toEqual(before);
    return next.made;
  },
  '`manifest.jsonl` is deleted or cut': async () => {
    const { scripts } = await changed();
    await remove(scripts, 'manifest.jsonl');
    const next = await scripts.generate(moved);
    expect(next).toMatchObject({ code: 0, made: 0, totals: { costUsd: 0 } });
    expect(next.outcomes.map(({ files }) => files[0]?.path)).toEqual([
      '0001-c.webp',
      '0002-a.webp',
      '0003-b.webp',
    ]);
    return next.made;
  },
  '`manifest.jsonl` is replaced by an older copy': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    await copyFile(scripts.at('manifest.jsonl'), join(scripts.root, 'older.jsonl'));
    const { outcomes } = await scripts.generate(moved);
    await copyFile(join(scripts.root, 'older.jsonl'), scripts.at('manifest.jsonl'));
    const next = await scripts.generate(moved);
    expect(next).toMatchObject({ code: 0, made: 0, totals: { costUsd: 0 } });
    expect(next.outcomes).toEqual(outcomes);
    const shorter = await scripts.generate(['c', 'a']);
    await copyFile(join(scripts.root, 'older.jsonl'), scripts.at('manifest.jsonl'));
    const again = await scripts.generate(['c', 'a']);
    expect(again).toMatchObject({ code: 0, outcomes: shorter.outcomes, unused: shorter.unused });
    return next.made + again.made;
  },
  '`run.json` is deleted': async () => {
    const scripts = await finished();
    await remove(scripts, 'run.json');
    const refused = await scripts.generate(prompts);
    expect(refused.error).toMatchObject({ name: 'UsageError' });
    const paid = await scriptsInFolder();
    const provider = { ...createReplicateProvider(paid.simulator), identify: () => of('replicate') };
    await paid.generate(prompts, '', { provider });
    const before = await readFile(paid.at('run.json'), 'utf8');
    await remove(paid, 'run.json');
    const next = await paid.generate(prompts, '', { provider });
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 3 } });
    expect(next.warnings).toEqual([expect.stringContaining('did not store the service')]);
    expect(await readFile(paid.at('run.json'), 'utf8')).toBe(before);
    return refused.made + next.made;
  },
  'a file of yours has the name of an image': async () => {
    const scripts = await finished();
    await writeFile(scripts.at('0004-d.webp'), 'mine');
    const next = await scripts.generate([...prompts, 'd']);
    expect(next).toMatchObject({ code: 0, made: 1 });
    expect(next.outcomes[3]?.files[0]?.path).toBe('0004-d-2.webp');
    expect(await readFile(scripts.at('0004-d.webp'), 'utf8')).toBe('mine');
    return next.made;
  },
  'a file of yours has the name that an image gets': async () => {
    const scripts = await finished();
    await writeFile(scripts.at('0001-c.webp'), 'mine');
    const next = await scripts.generate(moved);
    expect(next.outcomes[0]?.files[0]?.path).toBe('0001-c-2.webp');
    expect(await readFile(scripts.at('0001-c.webp'), 'utf8')).toBe('mine');
    return next.made;
  },
  'the folder is moved or renamed, and named by `--out`': async () => {
    const { scripts } = await changed();
    const folder = join(scripts.root, 'elsewhere');
    await rename(scripts.folder, folder);
    scripts.move({ folder });
    await remove(scripts, '0001-c.webp');
    const next = await scripts.generate(moved);
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 2, saved: 1, costUsd: 0 } });
    expect(existsSync(join(scripts.root, 'out'))).toBe(false);
    return next.made;
  },
  'the folder is deleted': async () => {
    const scripts = await finished();
    await remove(scripts, '.');
    const next = await scripts.generate(prompts, '', { isBooked: false });
    expect(next).toMatchObject({ code: 0, made: 3 });
    return next.made;
  },
});

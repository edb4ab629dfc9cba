import { existsSync, type Stats, statSync } from 'node:fs';
import { lastValueFrom } from 'rxjs';
import { createIndexSet, type IndexSet } from '../../../base/indexSet.ts';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { option } from '../../../errors.ts';
import { recipeOf } from '../../../renditions/lists.ts';
import { sidecarPath, writeSidecar } from '../../../sinks/manifest/sidecar.ts';
import type { Outcome, OutcomeFile, Plan, RenditionSpec } from '../../../types.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import { type OpenRun, type RunSettings, runDefaults } from '../settings.ts';

/** The settings that may ask for more than the saved jobs of a folder have. */
export type Wishes = Pick<RunSettings, 'sidecars' | 'provenance' | 'sign' | 'keepOriginals'>;

/** Compares saved jobs with the present plans of their run. */
export interface Additions {
  /** Takes a saved job and its plan; its sidecar is written at once if it has none. */
  see(outcome: Outcome, plan: Plan): Promise<void>;
  /** Jobs whose renditions are to be made from their originals, which are on disk. */
  readonly toRender: IndexSet;
  /** Jobs that lack renditions, and whose originals are not on disk. */
  readonly away: IndexSet;
  /** Warns about differences that stay, with the reasons. */
  report(): void;
}

/**
 * Creates the comparison of a folder's saved jobs with their plans. Files that cost nothing are
 * added: sidecars here, renditions by `renderEarlier`. Provenance and unchanged originals cannot be
 * added to images that have been written, so the report names them.
 */
export function createAdditions(
  { config: { folder, emit } }: Pick<OpenRun, 'config'>,
  wishes: Wishes,
): Additions {
  const { sidecars = true, provenance = runDefaults.provenance, sign = null, keepOriginals = false } = wishes;
  const toRender = createIndexSet();
  const away = createIndexSet();
  const stays = { provenance: 0, unsigned: 0, embedded: 0 };

  const compareRenditions = (outcome: Outcome, plan: Plan): void => {
    if (!needsRendering(outcome, plan.renditions, folder)) return;
    (isAway(outcome, folder) ? away : toRender).add(outcome.index);
  };
  const compareImages = (outcome: Outcome): void => {
    const { provenance: own = 'full', isSigned = false, files } = outcome;
    if (own !== provenance) stays.provenance += 1;
    if (sign !== null && !isSigned) stays.unsigned += 1;
    const isEmbedded = own !== 'none' || isSigned;
    if (keepOriginals && isEmbedded && !files.some(({ role }) => role === 'untouched')) stays.embedded += 1;
  };
  return {
    toRender,
    away,
    async see(outcome, plan) {
      compareRenditions(outcome, plan);
      compareImages(outcome);
      if (sidecars && lacksSidecar(outcome, folder)) await lastValueFrom(writeSidecar(folder, outcome));
    },
    report() {
      for (const message of staysAsItIs({ ...stays, away: away.size }, provenance))
        emit?.({ type: 'warning', message });
    },
  };
}

function staysAsItIs(
  stays: { away: number; provenance: number; unsigned: number; embedded: number },
  provenance: string,
): string[] {
  const jobs = (count: number) => (count === 1 ? '1 saved job' : `${count} saved jobs`);
  const { away, provenance: other, unsigned, embedded } = stays;
  return [
    away > 0 &&
      `The renditions of ${jobs(away)} are not made: the originals are no longer in the folder. The manifest names the destinations that have them.`,
    other > 0 &&
      `The images of ${jobs(other)} keep the provenance that they were written with: \`${provenance}\` holds for new images.`,
    unsigned > 0 && `The images of ${jobs(unsigned)} stay unsigned: new images are signed.`,
    embedded > 0 &&
      `The images of ${jobs(embedded)} have their provenance embedded: ${option('--keep-originals')} holds for new images.`,
  ].filter((message) => message !== false);
}

/**
 * Returns a function that reads the plan of a job. Call it with growing indexes: the plans are read
 * once, in input order, and only up to the last index that is needed.
 */
export function createPlanCursor(plans: PlanSource): (index: number) => Promise<Plan | undefined> {
  let source: AsyncIterator<Plan> | Iterator<Plan> | null = null;
  let current: Plan | undefined;
  return async (index) => {
    source ??= iteratorOf(plans());
    while (source !== null && (current === undefined || current.index < index)) {
      const { done, value } = await source.next();
      if (done === true) return undefined;
      current = value;
    }
    return current?.index === index ? current : undefined;
  };
}

function iteratorOf(plans: Iterable<Plan> | AsyncIterable<Plan>): AsyncIterator<Plan> | Iterator<Plan> {
  return Symbol.asyncIterator in plans ? plans[Symbol.asyncIterator]() : plans[Symbol.iterator]();
}

/** An original of a saved job, with the files that belong to it. */
export interface OriginalFiles {
  readonly original: OutcomeFile;
  /** The unchanged original, and renditions. */
  readonly others: readonly OutcomeFile[];
}

/** Groups the files of an outcome: each original is followed by those that belong to it. */
export function byOriginal(files: readonly OutcomeFile[]): readonly OriginalFiles[] {
  const groups: { original: OutcomeFile; others: OutcomeFile[] }[] = [];
  for (const file of files) {
    if (file.role === 'original') groups.push({ original: file, others: [] });
    else groups.at(-1)?.others.push(file);
  }
  return groups;
}

/** Returns true if a saved job lacks renditions, or lists one that is gone and not wanted. */
function needsRendering(outcome: Outcome, specs: readonly RenditionSpec[], folder: string): boolean {
  const groups = byOriginal(outcome.files).filter(({ original }) => original.width !== null);
  if (outcome.deliveredTo !== undefined)
    return groups.some(({ others }) => specs.some((spec) => !isListed(spec, others)));
  return groups.some(
    ({ others }) =>
      missingSpecs(others, specs, folder).length > 0 ||
      keptFiles(others, specs, folder).length < others.length,
  );
}

/** Returns the wanted renditions that an original does not have, or has with other settings. */
export function missingSpecs(
  others: readonly OutcomeFile[],
  specs: readonly RenditionSpec[],
  folder: string,
): readonly RenditionSpec[] {
  return specs.filter((spec) => {
    const listed = others.find((file) => isRenditionOf(file, spec));
    return listed === undefined || !isThere(listed, folder);
  });
}

/**
 * Returns the files of an original that stay as they are. Renditions that are no longer wanted stay
 * too, unless they are gone.
 */
export function keptFiles(
  others: readonly OutcomeFile[],
  specs: readonly RenditionSpec[],
  folder: string,
): readonly OutcomeFile[] {
  return others.filter((file) => {
    if (file.role !== 'rendition') return true;
    const wanted = specs.find(({ name }) => name === file.name);
    return (wanted === undefined || isRenditionOf(file, wanted)) && isThere(file, folder);
  });
}

function isListed(spec: RenditionSpec, others: readonly OutcomeFile[]): boolean {
  return others.some((file) => isRenditionOf(file, spec));
}

/**
 * Returns true if a file was made with these settings. Files of earlier versions name no recipe:
 * then their format and frame are compared.
 */
function isRenditionOf(
  { role, name, recipe, format, width, height }: OutcomeFile,
  spec: RenditionSpec,
): boolean {
  if (role !== 'rendition' || name !== spec.name) return false;
  if (recipe !== undefined) return recipe === recipeOf(spec);
  const isFramed = spec.fit === 'inside' || (width === spec.widthPx && height === spec.heightPx);
  return format === spec.format && isFramed;
}

/** Returns true if an original is only at a further destination, or lost. */
export function isAway({ files }: Pick<Outcome, 'files'>, folder: string): boolean {
  return files.some((file) => file.role === 'original' && !isThere(file, folder));
}

/** Returns true if a file is in the folder, with any content, for example after retouching. */
export function isThere(file: OutcomeFile, folder: string): boolean {
  const state = stateOf(file, folder);
  return state !== undefined && hasContent(file, state);
}

/** Returns true if a file has lost its content, or a folder has its place: it can be had again. */
export function isEmptied(file: OutcomeFile, folder: string): boolean {
  const state = stateOf(file, folder);
  return state !== undefined && !hasContent(file, state);
}

function stateOf({ path }: OutcomeFile, folder: string): Stats | undefined {
  return statSync(pathBelow(folder, path), { throwIfNoEntry: false });
}

function hasContent({ bytes }: OutcomeFile, state: Stats): boolean {
  return state.isFile() && (state.size > 0 || bytes === 0);
}

function lacksSidecar({ files }: Outcome, folder: string): boolean {
  return files.some(
    ({ role, path }) => role === 'original' && !existsSync(pathBelow(folder, sidecarPath(path))),
  );
}

import { rm } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  forkJoin,
  from,
  ignoreElements,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import type { IndexSet } from '../../../base/indexSet.ts';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { encoderConcurrency } from '../../../base/pictures.ts';
import { areIntact } from '../../../disk/copyFiles.ts';
import { insideFolder } from '../../../disk/insideFolder.ts';
import { RenderError, RxposureError, StorageError } from '../../../errors.ts';
import { pullMap } from '../../../operators/pullMap.ts';
import type { ProvenanceWriter } from '../../../ports.ts';
import { recipeOf } from '../../../renditions/lists.ts';
import type { ImageFile, Outcome, OutcomeFile, Plan, Prediction, RenderedFile } from '../../../types.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import { createProvenanceWriters } from '../../journey/provenance.ts';
import { deliver, gateDestinations } from '../deliver.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import { type OpenRun, runDefaults } from '../settings.ts';
import { byOriginal, isThere, keptFiles, missingSpecs, type OriginalFiles } from './additions.ts';

/** The parts of an open run that rendering for saved jobs reads. */
type Rendering = Pick<OpenRun, 'config' | 'manifest'>;

/**
 * Makes the renditions that saved jobs lack, from their originals on disk: no request, no payment.
 * A rendition whose settings have changed takes the place of the earlier one. Emits each outcome
 * once it is delivered and recorded.
 *
 *     saved jobs a, b lack a rendition   -a-b|
 *     renderEarlier                      --a-(b|)
 *
 * A job whose rendition cannot be made is emitted as failed; its record and its images stay. Emits
 * `StorageError` if the disk refuses.
 */
export function renderEarlier(toRender: IndexSet, plans: PlanSource, run: Rendering): Observable<Outcome> {
  return defer(() => {
    if (toRender.size === 0) return EMPTY;
    const { stop } = run.config;
    const render = renderingFor(run);
    return pullMap(plansOf(toRender, plans), render, {
      concurrency: encoderConcurrency(),
      ...(stop && { stop }),
    });
  });
}

async function* plansOf(jobs: IndexSet, plans: PlanSource): AsyncGenerator<Plan> {
  for await (const plan of plans()) if (jobs.has(plan.index)) yield plan;
}

/** Returns the way of one job: its renditions, its destinations, its record. */
function renderingFor(run: Rendering): (plan: Plan) => Observable<Outcome> {
  const { config, manifest } = run;
  const { folder, emit = () => {}, persist = () => EMPTY, afterSaved = () => EMPTY } = config;
  const { provenance = runDefaults.provenance, service = null, sign = null, destinations = [] } = config;
  const { scheduler = monotonicScheduler, random = Math.random } = config;
  const writers = createProvenanceWriters({ provenance, service, sign, emit });
  const deliverToAll = deliver({ destinations: gateDestinations(destinations), scheduler, random });
  const renderAll = (outcome: Outcome, plan: Plan) => {
    const isElsewhere = outcome.deliveredTo !== undefined;
    const options = { embedProvenance: writers?.(predictionOf(outcome), plan), isElsewhere };
    const groups = byOriginal(outcome.files).map((group) => withRenditions(group, plan, run, options));
    return forkJoin(groups).pipe(map((files) => ({ ...outcome, files: files.flat() })));
  };
  return (plan) =>
    defer(() => manifest.find(plan.index)).pipe(
      concatMap((outcome) => {
        if (outcome === null) return EMPTY;
        return renderAll(outcome, plan).pipe(
          deliverToAll,
          concatMap((rendered) => {
            const saved = withDeliveries(rendered, outcome);
            return concat(
              defer(() => persist(saved)).pipe(ignoreElements()),
              defer(() => removeReplaced(outcome, saved, folder)).pipe(ignoreElements()),
              defer(() => afterSaved(saved)).pipe(ignoreElements()),
              defer(() => {
                emit({ type: 'image.saved', outcome: saved, paidBefore: true });
                return of(saved);
              }),
            );
          }),
          catchError((error: unknown) => failure(error, outcome, run)),
        );
      }),
    );
}

interface RenderOptions {
  readonly embedProvenance: ProvenanceWriter | undefined;
  /** Whether a further destination has the original. */
  readonly isElsewhere: boolean;
}

/** Emits the files of an original, with the renditions that it lacked. */
function withRenditions(
  { original, others }: OriginalFiles,
  { renditions, index }: Plan,
  { config: { folder, renderer } }: Rendering,
  { embedProvenance, isElsewhere }: RenderOptions,
): Observable<readonly OutcomeFile[]> {
  const specs = missingSpecs(others, renditions, folder);
  const kept = [original, ...keptFiles(others, renditions, folder)];
  if (specs.length === 0 || original.width === null) return of(kept);
  if (!isThere(original, folder)) return throwError(() => gone(original, isElsewhere));
  const image = imageOf(original, folder);
  const stem = image.path.replace(/\.[^./\\]+$/, '');
  const own = new Set(others.map((file) => imageOf(file, folder).path));
  return from(areIntact([image])).pipe(
    concatMap((isIntact) =>
      isIntact
        ? renderer.render(image, specs, stem, embedProvenance, (path) => own.has(path))
        : throwError(() => changed(original, index)),
    ),
    map((rendered) => [...kept, ...rendered.map((file) => entryOf(file, folder))]),
  );
}

function gone({ path }: OutcomeFile, isElsewhere: boolean): RenderError {
  return new RenderError(
    'ERR_RENDER_FAILED',
    `The original ${JSON.stringify(path)} is no longer in the folder, so no rendition is made of it.`,
    {
      suggestion: isElsewhere
        ? 'Copy it back from a destination: the manifest has its address.'
        : 'Bring the file back, or run the command that the folder belongs to: it fetches the image again at no cost while the service has it, for an hour.',
    },
  );
}

function changed({ path }: OutcomeFile, index: number): RenderError {
  return new RenderError(
    'ERR_RENDER_FAILED',
    `The original of image #${index + 1}, ${path}, has changed since it was saved, so no rendition is made of it.`,
    { suggestion: 'Bring the file back as it was, or leave out the rendition.' },
  );
}

function imageOf({ path, bytes, sha256, format, width, height }: OutcomeFile, folder: string): ImageFile {
  return { path: insideFolder(folder, path), bytes, sha256, format, widthPx: width, heightPx: height };
}

function entryOf(
  { spec, path, bytes, sha256, format, widthPx, heightPx }: RenderedFile,
  folder: string,
): OutcomeFile {
  const file = { path: relative(folder, path).replaceAll(sep, '/'), width: widthPx, height: heightPx };
  return { role: 'rendition', name: spec.name, ...file, format, bytes, sha256, recipe: recipeOf(spec) };
}

/** Returns the fields of a prediction that provenance states. */
function predictionOf({
  predictionId,
  model,
  version,
  metrics,
  createdAt,
  completedAt,
}: Outcome): Prediction {
  return {
    ...{ id: predictionId ?? '', model, version, metrics, createdAt, completedAt, startedAt: null },
    ...{
      status: 'succeeded',
      input: null,
      output: null,
      outputComplete: true,
      error: null,
      dataRemoved: false,
    },
  };
}

function withDeliveries(rendered: Outcome, before: Outcome): Outcome {
  const { deliveredTo: now } = rendered;
  const { deliveredTo: earlier } = before;
  return now === undefined && earlier === undefined
    ? rendered
    : { ...rendered, deliveredTo: { ...earlier, ...now } };
}

/** Removes renditions that another file has replaced: the same name, in another format. */
async function removeReplaced(before: Outcome, after: Outcome, folder: string): Promise<void> {
  const left = new Set(after.files.map(({ path }) => path));
  const replaced = before.files.filter(({ role, path }) => role === 'rendition' && !left.has(path));
  await Promise.allSettled(replaced.map(async ({ path }) => rm(insideFolder(folder, path), { force: true })));
}

/** Emits a job as failed in this run; the record of its images stays as it is. */
function failure(error: unknown, outcome: Outcome, { config }: Rendering): Observable<Outcome> {
  if (error instanceof StorageError || !(error instanceof RxposureError)) return throwError(() => error);
  const { estimatedUsd: _estimated, ...known } = outcome;
  const stage = error instanceof RenderError ? ('rendering' as const) : ('delivery' as const);
  const described = { ...outcomeError(error), stage };
  const failed: Outcome = { ...known, status: 'failed', costUsd: 0, error: described };
  config.emit?.({ type: 'job.failed', outcome: failed });
  return of(failed);
}

import { defer, from, map, type Observable, type ObservableInput, of, type SchedulerLike } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { expectOptions, having, type OptionRules, optionRules } from '../../base/options.ts';
import type { InputFile, UploadedFile } from '../../types.ts';
import { createSingleFlight } from '../cachedBy.ts';
import { type Gate, gate } from '../gate.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';

export interface UploadsConfig {
  /** Uploads a file each time it is subscribed. */
  upload: (file: InputFile) => ObservableInput<UploadedFile>;
  /** Bounds the uploads in flight. */
  within: Gate;
  /**
   * Time for which an address must still be valid when it is given out, or half its lifetime if
   * that is shorter; otherwise the file is uploaded again.
   */
  neededMs: number;
  /** Clock of expiry and waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for jitter. Default Math.random. */
  random?: () => number;
}

const rules: OptionRules<UploadsConfig> = {
  upload: optionRules.task,
  within: having('a gate', 'enter', 'resize'),
  neededMs: optionRules.wait,
  scheduler: optionRules.scheduler,
  random: optionRules.task,
};

/** The uploaded files of a run. */
export interface Uploads {
  /**
   * Emits the address of a file; uploads the file if its content has no address that is valid for
   * long enough.
   */
  urlOf(file: InputFile): Observable<string>;
}

interface StoredUrl {
  readonly url: string;
  /** Time for which the address can be given out. */
  readonly goodForMs: number;
  /** Returns the time since the upload began. */
  readonly ageMs: () => number;
}

/** Far more than a run uses at a time: a million different files must not fill the memory. */
const MOST_STORED = 10_000;

/**
 * Uploads files to the service, each content once, however many jobs use it and under however many
 * names.
 *
 *     upload of 4 ms                          ----(u|)
 *     urlOf(cat)                              ----(u|)
 *     urlOf(a copy of cat) 2 ms later           --(u|)    the same upload
 *     urlOf(cat) when all is done                   (u|)  until it expires
 *
 * A failed upload is repeated if that may help: it costs nothing, and one too many does no harm.
 * Emits the last error unchanged. Throws a RangeError if an option is invalid or missing,
 * `UsageError` for a name that none has.
 */
export function createUploads(config: UploadsConfig): Uploads {
  expectOptions(config, rules, { required: ['upload', 'within', 'neededMs'] });
  const { upload, within, neededMs, scheduler = monotonicScheduler, random = Math.random } = config;
  const flights = createSingleFlight<string>();
  const stored = new Map<string, StoredUrl>();

  const store = (sha256: string, upload: StoredUrl): void => {
    stored.delete(sha256);
    stored.set(sha256, upload);
    const [oldest] = stored.keys();
    if (stored.size > MOST_STORED && oldest !== undefined) stored.delete(oldest);
  };
  const uploaded = (file: InputFile): Observable<string> =>
    defer(() => {
      const [begunAtMs, begunWallMs] = [scheduler.now(), wallNow(scheduler)];
      // The greater age counts: a clock may be set back, and a machine that sleeps stops the other.
      const ageMs = () => Math.max(scheduler.now() - begunAtMs, wallNow(scheduler) - begunWallMs);
      return from(upload(file)).pipe(
        map(({ url, lifetimeMs }) => {
          store(file.sha256, { url, goodForMs: lifetimeMs - Math.min(neededMs, lifetimeMs / 2), ageMs });
          return url;
        }),
      );
    }).pipe(gate(within), retryBackoff({ ...retryPolicies.upload, scheduler, random }));

  return {
    urlOf: (file) =>
      defer(() => {
        const { sha256 } = file;
        const known = stored.get(sha256);
        if (known !== undefined && known.ageMs() <= known.goodForMs) {
          store(sha256, known);
          return of(known.url);
        }
        return flights.join(sha256, () => uploaded(file)).pipe(map(({ result }) => result));
      }),
  };
}

import {
  firstValueFrom,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { observeRun, ofType } from '../../src/events/observeRun.ts';
import type { EmitEvent, RunEvent } from '../../src/events/runEvent.ts';
import { warnings } from '../helpers/warnings.ts';

const warned = warnings();
const pause = (waitMs: number): RunEvent => ({ type: 'rate.paused', waitMs, reason: 'refused' });
/** A run that emits an event for each value. */
const reporting = (source: Observable<number>) => (emit: EmitEvent) =>
  source.pipe(
    map((n) => {
      emit(pause(n));
      return n;
    }),
  );

it('emits the events beside the run, which begins when it is subscribed', async () => {
  const { end, events } = observeRun(reporting(of(1, 2)));
  const seen = firstValueFrom(events.pipe(toArray()));
  expect(await lastValueFrom(end)).toBe(2);
  expect(await seen).toEqual([pause(1), pause(2)]);
});

it('completes the events if the run fails, without its error', async () => {
  const { end, events } = observeRun(
    reporting(
      merge(
        of(1),
        throwError(() => new Error('no disk')),
      ),
    ),
  );
  const seen = firstValueFrom(events.pipe(toArray()));
  await expect(lastValueFrom(end)).rejects.toThrow('no disk');
  expect(await seen).toEqual([pause(1)]);
});

it('completes the events if the run is unsubscribed', () => {
  const { end, events } = observeRun(reporting(merge(of(1), NEVER)));
  const seen: string[] = [];
  events.subscribe({ next: ({ type }) => seen.push(type), complete: () => seen.push('complete') });
  end.subscribe().unsubscribe();
  expect(seen).toEqual(['rate.paused', 'complete']);
});

it('lets listeners come late and leave early', () => {
  const source = new Subject<number>();
  const { end, events } = observeRun(reporting(source));
  const seen: string[] = [];
  const note = (who: string) => (event: RunEvent) =>
    seen.push(`${who} ${(event as { waitMs: number }).waitMs}`);
  const early = events.subscribe(note('early'));
  const run: number[] = [];
  end.subscribe((n) => run.push(n));
  source.next(1);
  events.subscribe(note('late'));
  source.next(2);
  early.unsubscribe();
  source.next(3);
  source.complete();
  events.subscribe({ next: note('after'), complete: () => seen.push('after complete') });
  expect(run).toEqual([1, 2, 3]);
  expect(seen).toEqual(['early 1', 'early 2', 'late 2', 'late 3', 'after complete']);
});

describe('a listener that throws', () => {
  const fail = () => {
    throw new Error('oops');
  };
  const hear = (listen: (events: Observable<RunEvent>) => void) => {
    const { end, events } = observeRun(reporting(of(1, 2)));
    listen(events);
    const others: RunEvent[] = [];
    events.subscribe((event) => others.push(event));
    const run: number[] = [];
    end.subscribe((n) => run.push(n));
    expect(run).toEqual([1, 2]);
    expect(others).toEqual([pause(1), pause(2)]);
  };

  it.each<[string, (events: Observable<RunEvent>) => void]>([
    ['as a function', (events) => events.subscribe(fail)],
    ['as an observer', (events) => events.subscribe({ next: fail })],
    ['as an async function', (events) => events.subscribe(async () => fail())],
    ['at the end', (events) => events.subscribe({ complete: fail })],
    ['behind an operator', (events) => events.pipe(ofType('rate.paused')).subscribe(fail)],
    ['in an operator, without a handler for the error', (events) => events.pipe(map(fail)).subscribe()],
    [
      'in an operator, and when it takes the error',
      (events) => events.pipe(map(fail)).subscribe({ error: fail }),
    ],
  ])('%s harms neither the run nor others, and is reported once', async (_where, listen) => {
    hear(listen);
    // RxJS rethrows errors on a timer, which would end the process.
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(warned()).toEqual([expect.stringContaining('oops')]);
  });

  it('in an operator is an error for its subscribers', () => {
    const errors: unknown[] = [];
    hear((events) => events.pipe(map(fail)).subscribe({ error: (error) => errors.push(error) }));
    expect(errors).toEqual([new Error('oops')]);
    expect(warned()).toEqual([]);
  });
});

it('may be a Subject, and needs no callback', () => {
  const { end, events } = observeRun(reporting(of(1)));
  const subject = new Subject<RunEvent>();
  const seen: RunEvent[] = [];
  subject.subscribe((event) => seen.push(event));
  events.subscribe(subject);
  events.subscribe();
  end.subscribe();
  expect(seen).toEqual([pause(1)]);
  expect(subject.isStopped).toBe(true);
});

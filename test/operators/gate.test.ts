import { EMPTY, lastValueFrom, merge, NEVER, of, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { createGate, gate } from '../../src/operators/gate.ts';
import { marbles } from '../helpers/marbles.ts';

it(
  'lets in as many as there are slots, in the order of asking',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const through = createGate(1);
    const source = cold('                                --(a|)');
    expectObservable(source.pipe(gate(through))).toBe('  --(a|)');
    expectObservable(source.pipe(gate(through))).toBe('  ----(a|)');
    expectSubscriptions(source.subscriptions).toBe([
      '                                                  ^-!',
      '                                                  --^-!',
    ]);
  }),
);

it(
  'lets patient ones in last',
  marbles(({ cold, expectObservable }) => {
    const through = createGate(1);
    const source = cold('                                                     --(a|)');
    expectObservable(source.pipe(gate(through))).toBe('                       --(a|)');
    expectObservable(source.pipe(gate(through, { isPatient: true }))).toBe('  ------(a|)');
    expectObservable(source.pipe(gate(through))).toBe('                       ----(a|)');
  }),
);

it(
  'passes on never, empty, one, many and errors',
  marbles(({ cold, expectObservable }) => {
    const pass = <T>(source: Parameters<ReturnType<typeof gate<T>>>[0]) => source.pipe(gate(createGate(1)));
    expectObservable(pass(NEVER), '--!').toBe('---');
    expectObservable(pass(EMPTY)).toBe('|');
    expectObservable(pass(of('a'))).toBe('(a|)');
    expectObservable(pass(cold('a-b-c|'))).toBe('a-b-c|');
    expectObservable(pass(cold('-#'))).toBe('-#');
  }),
);

it(
  'frees the slot after an error and after an unsubscription',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const through = createGate(1);
    const failing = cold('-#');
    const endless = cold('e--------');
    const last = cold('(l|)');
    expectObservable(failing.pipe(gate(through))).toBe('-#');
    expectObservable(endless.pipe(gate(through)), '---!').toBe('-e--');
    expectObservable(last.pipe(gate(through))).toBe('---(l|)');
    expectSubscriptions(endless.subscriptions).toBe('-^-!');
  }),
);

it(
  'lets a waiting subscriber leave the queue',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const through = createGate(1);
    const first = cold('----(a|)');
    const impatient = cold('(b|)');
    const patient = cold('(c|)');
    expectObservable(first.pipe(gate(through))).toBe('----(a|)');
    expectObservable(impatient.pipe(gate(through)), '--!').toBe('---');
    expectObservable(patient.pipe(gate(through))).toBe('----(c|)');
    expectSubscriptions(impatient.subscriptions).toBe([]);
  }),
);

it(
  'counts taken slots and waiting subscribers',
  marbles(({ cold, expectObservable, flush }) => {
    const through = createGate(2);
    const counts: number[][] = [];
    for (let n = 0; n < 3; n += 1)
      expectObservable(cold('--|').pipe(gate(through))).toBe(n < 2 ? '--|' : '----|');
    expectObservable(cold('-(x|)')).toBe('-(x|)');
    cold('-x').subscribe(() => counts.push([through.running, through.waiting]));
    flush();
    counts.push([through.running, through.waiting]);
    expect(counts).toEqual([
      [2, 1],
      [0, 0],
    ]);
    expect(through.concurrency).toBe(2);
  }),
);

it('lets thousands of synchronous sources through one slot without growing the stack', async () => {
  const through = createGate(1);
  const sources = Array.from({ length: 20_000 }, (_, n) => of(n).pipe(gate(through)));
  expect(await lastValueFrom(merge(...sources).pipe(toArray()))).toHaveLength(20_000);
  expect(through.running).toBe(0);
});

it(
  'wakes thousands that wait behind one source, each when its turn comes',
  marbles(({ cold, expectObservable, flush }) => {
    const through = createGate(1);
    let passed = 0;
    expectObservable(cold('-|').pipe(gate(through))).toBe('-|');
    for (let n = 0; n < 10_000; n += 1) {
      of(n)
        .pipe(gate(through))
        .subscribe(() => {
          passed += 1;
        });
    }
    flush();
    expect(passed).toBe(10_000);
  }),
);

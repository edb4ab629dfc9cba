import { defer, NEVER, type Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DownloadError, ProviderError, StorageError } from '../../../src/errors.ts';
import { isHostAway, isServiceAway, isUnconnected } from '../../../src/operators/internal/outageErrors.ts';
import { watchService } from '../../../src/operators/predictions/watchService.ts';
import type { Provider } from '../../../src/ports.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const page = (status: number, tookEffect: 'no' | 'unknown' = 'no') =>
  new ProviderError('ERR_SERVICE', `${status}`, { status, recoverable: true, tookEffect });
const silence = new Error('no response yet');
const refused = new ProviderError('ERR_NO_CONNECTION', 'refused', { recoverable: true });

/** A watched service of which each kind of call fails with the error given for it. */
function aService(maxOutageMs?: number) {
  const clock = new VirtualClock();
  const faults: Record<string, Error | undefined> = {};
  const calls: string[] = [];
  const call = <T>(kind: string, response: T): Observable<T> =>
    defer(() => {
      calls.push(kind);
      const fault = faults[kind];
      if (fault === silence) return NEVER;
      return fault === undefined ? of(response) : throwError(() => fault);
    });
  const file = { path: '/a.png', name: 'a.png', sha256: '', bytes: 1 };
  const inner: Provider = {
    ...fakeProvider({}),
    identify: () => of('fake'),
    createPrediction: () => call('create', aPrediction()),
    getPrediction: (id) => call('get', aPrediction({ id })),
    listPredictions: () => call('list', { predictions: [], next: null }),
    cancelPrediction: (id) => call('cancel', aPrediction({ id })),
    getModel: (name) => call('model', { name, latestVersion: null, isOfficial: null, schema: null }),
    uploadFile: () => call('upload', { url: 'https://files.example/a', lifetimeMs: 1 }),
  };
  const changes: unknown[] = [];
  const { provider, outage } = watchService(inner, {
    scheduler: clock,
    onChange: (error) => changes.push(error),
    ...(maxOutageMs === undefined ? {} : { maxOutageMs }),
  });
  const ends: string[] = [];
  const start = (name: string, source: Observable<unknown>) =>
    source.subscribe({
      error: (error: Error & { code?: string }) => ends.push(`${clock.now()} ${name} ${error.code}`),
      complete: () => ends.push(`${clock.now()} ${name}`),
    });
  const list = () => provider.listPredictions({ createdAfterMs: 0 });
  const create = (request = aRequest()) => provider.createPrediction(request, { waitMs: 0 });
  return { clock, faults, calls, provider, outage, changes, ends, start, list, create, file };
}

describe('reads', () => {
  it('wait from the fourth failure in a row on, all kinds of them, and create requests with them', () => {
    const { clock, faults, provider, outage, ends, start, list, changes, file } = aService();
    for (const kind of ['list', 'get', 'cancel', 'model', 'upload']) faults[kind] = page(502);
    for (let nth = 1; nth <= 4; nth += 1) start(`list ${nth}`, list());
    expect(ends).toEqual(['0 list 1 ERR_SERVICE', '0 list 2 ERR_SERVICE', '0 list 3 ERR_SERVICE']);
    expect(outage.isAway).toBe(true);
    start('get', provider.getPrediction('p'));
    start('cancel', provider.cancelPrediction('p'));
    start('model', provider.getModel('a/b'));
    start('upload', provider.uploadFile!(file as never));
    start('admit', outage.admitCreate());
    start('identify', provider.identify!());
    clock.advance(10_000);
    for (const kind of Object.keys(faults)) delete faults[kind];
    clock.advance(10_000);
    const waited = ['list 4', 'get', 'cancel', 'model', 'upload', 'admit'].map((name) => `15000 ${name}`);
    expect(ends.slice(3)).toEqual(['0 identify', ...waited]);
    expect(changes).toEqual([faults.list ?? expect.objectContaining({ status: 502 }), null]);
    expect([outage.awayMs(0), outage.wasAway(0), outage.wasAway(16_000)]).toEqual([15_000, true, false]);
  });

  it('fail as before if a list fails alone: a prediction can be read', () => {
    const { faults, calls, outage, ends, start, list, create, changes } = aService();
    start('create', create());
    faults.list = page(500);
    for (let nth = 0; nth < 9; nth += 1) start('list', list());
    expect(ends.slice(1)).toEqual(Array(9).fill('0 list ERR_SERVICE'));
    expect([outage.isAway, changes]).toEqual([false, []]);
    expect(calls.filter((kind) => kind === 'get')).toHaveLength(2); // 9 / 4
  });

  it('fail as before if the service responds with a refusal, or this machine refuses', () => {
    const { faults, outage, ends, start, list } = aService();
    const refusals = [
      new ProviderError('ERR_FORBIDDEN', '403', { status: 403 }),
      new ProviderError('ERR_THROTTLED', '429', { status: 429, recoverable: true }),
      new StorageError('ERR_TOO_MANY_FILES', 'handles', { recoverable: true }),
    ];
    for (const refusal of refusals) {
      faults.list = refusal;
      for (let nth = 0; nth < 5; nth += 1) start('list', list());
    }
    expect([ends.length, outage.isAway]).toEqual([15, false]);
  });

  it('end with an error that stops the run after the time allowed', () => {
    const { clock, faults, ends, start, list } = aService(60_000);
    faults.list = refused;
    for (let nth = 1; nth <= 4; nth += 1) start(`list ${nth}`, list());
    clock.advance(120_000);
    expect(ends.at(-1)).toBe('65000 list 4 ERR_WAIT_TOO_LONG');
  });
});

describe('create requests', () => {
  it('wait after three that failed, of two callers at least; one of them tries', () => {
    const { clock, faults, outage, ends, start, create } = aService();
    faults.create = page(503, 'unknown');
    const request = aRequest();
    for (let nth = 0; nth < 3; nth += 1) start('same', create(request));
    start('admitted', outage.admitCreate());
    expect(ends.at(-1)).toBe('0 admitted');
    start('other', create());
    start('first', outage.admitCreate());
    start('second', outage.admitCreate());
    // They are no reason to give up predictions in flight.
    expect([outage.isAway, outage.mayBeAway(0), outage.mayBeAway(-60_000)]).toEqual([false, true, false]);
    clock.advance(5_000);
    expect(ends.slice(5)).toEqual(['1000 first']);
    delete faults.create;
    start('made', create());
    expect(ends.slice(6)).toEqual(['5000 second', '5000 made']);
  });

  it('wait only if most fail: responses may take as long as predictions', () => {
    const { clock, faults, outage, ends, start, create } = aService();
    const fail = (others: number) => {
      faults.create = page(502, 'unknown');
      start('failed', create());
      faults.create = silence;
      for (let nth = 0; nth < others; nth += 1) start('pending', create());
    };
    for (const others of [3, 3, 3, 3, 3]) fail(others);
    start('admitted', outage.admitCreate());
    expect(ends.at(-1)).toBe('0 admitted');
    fail(0); // the third of nine
    fail(0); // the third of six
    start('waiting', outage.admitCreate());
    clock.advance(999);
    expect(ends.at(-1)).toBe('0 failed ERR_SERVICE');
    clock.advance(1);
    expect(ends.at(-1)).toBe('1000 waiting');
  });

  it('wait after three of one caller that made no connection', () => {
    const { clock, faults, outage, ends, start, create } = aService();
    faults.create = refused;
    const request = aRequest();
    for (let nth = 0; nth < 3; nth += 1) start('same', create(request));
    start('admitted', outage.admitCreate());
    expect(ends).toHaveLength(3);
    clock.advance(1_000);
    expect(ends.at(-1)).toBe('1000 admitted');
  });

  it('do not wait after refusals', () => {
    const { faults, outage, ends, start, create } = aService();
    for (const status of [422, 429, 404]) {
      faults.create = new ProviderError('ERR_X', 'no', { status, recoverable: status === 429 });
      for (let nth = 0; nth < 3; nth += 1) start('create', create());
    }
    start('admitted', outage.admitCreate());
    expect(ends.at(-1)).toBe('0 admitted');
  });

  it('are tried at once when reads succeed again', () => {
    const { clock, faults, outage, ends, start, create, list } = aService();
    faults.create = page(502, 'unknown');
    faults.list = page(502);
    for (let nth = 0; nth < 3; nth += 1) start('create', create());
    for (let nth = 0; nth < 4; nth += 1) start('list', list());
    for (let nth = 0; nth < 3; nth += 1) clock.advance(1_000);
    start('admitted', outage.admitCreate());
    delete faults.list;
    clock.advance(30_000);
    expect(ends.slice(-2)).toEqual(['7000 list', '7000 admitted']);
  });
});

it.each<[string, unknown, boolean | null]>([
  ['a page of a gateway', page(502), true],
  ['a fault of the service', page(500), true],
  ['no connection', refused, true],
  ['a time-out', new ProviderError('ERR_REQUEST_TIMEOUT', '', { recoverable: true }), true],
  ['something unreadable', new ProviderError('ERR_UNREADABLE_ANSWER', '', { recoverable: true }), true],
  ['an untrusted certificate', new ProviderError('ERR_NO_CONNECTION', ''), null],
  ['a page that refuses', new ProviderError('ERR_REFUSED', '', { status: 403, recoverable: true }), null],
  ['a page of a filter', new ProviderError('ERR_WEB_PAGE', '', { status: 403, recoverable: true }), null],
  ['a portal', new ProviderError('ERR_WEB_PAGE', '', { status: 511, recoverable: true }), null],
  ['a refusal', new ProviderError('ERR_NOT_FOUND', '', { status: 404 }), false],
  ['a container that is not ready', new ProviderError('ERR_NOT_READY', '', { recoverable: true }), null],
  ['another error', new Error('no'), null],
])('%s is an outage, or is not', (_what, error, isAway) => {
  expect(isServiceAway(error)).toBe(isAway);
  expect(isUnconnected(error)).toBe(error === refused);
});

it.each<[string, unknown, boolean | null]>([
  ['no connection', new DownloadError('ERR_DOWNLOAD_CUT', '', { recoverable: true, isOutage: true }), true],
  ['a cut', new DownloadError('ERR_DOWNLOAD_CUT', '', { recoverable: true }), null],
  ['a refusal', new DownloadError('ERR_DOWNLOAD_REFUSED', '', { recoverable: true }), false],
  ['a wrong file', new DownloadError('ERR_NOT_AN_IMAGE', ''), false],
  ['another error', new Error('no'), null],
])('%s is an outage of a file host, or is not', (_what, error, isAway) => {
  expect(isHostAway(error)).toBe(isAway);
});

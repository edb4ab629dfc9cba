import { from, lastValueFrom, NEVER, type Observable, takeUntil, timeout } from 'rxjs';
import type { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { type FaultServer, type ServerFault, startFaultServer } from './faultServer.ts';
import { type Conformance, type ConformanceCheck, errorOf, expectRule } from './rules.ts';

type At = (baseUrl: string) => Provider;

const html = { 'content-type': 'text/html' };
const json = { 'content-type': 'application/json' };
const page = '<!doctype html><title>Bad gateway</title>';
/** Faults after which it is unknown whether a create request took effect. */
const openFaults: Readonly<Record<string, ServerFault>> = {
  'its connection is reset': { type: 'reset' },
  'a gateway answers with 502': { type: 'answer', status: 502, body: page, headers: html },
  'the answer is 200 and a web page': { type: 'answer', status: 200, body: page, headers: html },
  'the answer is 200 and JSON of another shape': { type: 'answer', status: 200, body: '[]', headers: json },
};

/** Returns the rules that a provider follows when its service does not work. */
export function faultChecks(suite: Conformance, at: At): readonly ConformanceCheck[] {
  const withServer = (fault: ServerFault, use: (server: FaultServer) => Promise<void>) =>
    useServer(startFaultServer(fault, suite.answerGet), use);
  return [
    {
      name: 'sends nothing before it is subscribed',
      check: () =>
        withServer({ type: 'answer', status: 200, body: '{}', headers: json }, async ({ url, requests }) => {
          const provider = at(url);
          const calls: Observable<unknown>[] = [
            create(provider, suite),
            provider.getPrediction('p'),
            provider.getModel('a/b'),
          ];
          calls.push(provider.listPredictions({ createdAfterMs: 0 }), provider.cancelPrediction('p'));
          // Requests that were sent before arrive before these.
          for (let round = 0; round < 3; round += 1) await fetch(`${url}/own`);
          const sent = requests.filter((request) => request !== 'GET /own');
          expectRule(sent.length === 0, 'no request', sent, 'a plan costs nothing');
        }),
    },
    {
      name: 'says that nothing was made if no connection was made',
      check: async () => {
        const gone = await startFaultServer({ type: 'hang' });
        await gone.close();
        const error = await errorOf(create(at(gone.url), suite), suite);
        expectEffect(error, 'no', 'a run sends the request again');
        expectRule(error.recoverable, 'a recoverable error', error, 'the service may be back in a minute');
      },
    },
    ...Object.entries(openFaults).map(([words, fault]) => ({
      name: `leaves the effect of a create request unknown if ${words}, and sends it once`,
      check: () =>
        withServer(fault, async ({ url, requests }) => {
          const error = await errorOf(create(at(url), suite), suite);
          expectEffect(error, 'unknown', 'the image may have been made, and a run would pay for it twice');
          expectSentOnce(requests);
        }),
    })),
    {
      name: 'says that nothing was made after a 429, and how long to wait',
      check: () =>
        withServer(
          { type: 'answer', status: 429, body: '{}', headers: { ...json, 'retry-after': '7' } },
          async ({ url, requests }) => {
            const error = await errorOf(create(at(url), suite), suite);
            expectEffect(error, 'no', 'a run waits and sends the request again');
            expectRule(error.status === 429, 'the status 429', error.status, 'it slows the run down');
            const { retryAfterMs } = error;
            expectRule(
              retryAfterMs === 7_000,
              '`retryAfterMs` 7000',
              retryAfterMs,
              'the service asked for it',
            );
            expectSentOnce(requests);
          },
        ),
    },
    {
      name: 'ends the run after a 401',
      check: () =>
        withServer(
          { type: 'answer', status: 401, body: '{"detail":"Wrong token."}', headers: json },
          async ({ url }) => {
            const { stopsRun } = await errorOf(create(at(url), suite), suite);
            expectRule(stopsRun, '`stopsRun`', stopsRun, 'no other request would be accepted');
          },
        ),
    },
    {
      name: 'says that reading had no effect if it fails',
      check: () =>
        withServer({ type: 'reset' }, async ({ url }) => {
          const error = await errorOf(at(url).getModel(suite.request.model), suite);
          expectEffect(error, 'no', 'it is simply read again');
        }),
    },
    {
      name: 'closes its connection when it is unsubscribed',
      check: () => withServer({ type: 'hang' }, (server) => expectAborted(server, at(server.url), suite)),
    },
  ];
}

function create(provider: Provider, { request }: Conformance) {
  return provider.createPrediction(request, { waitMs: 0 });
}

function expectEffect(error: ProviderError, wanted: 'no' | 'unknown', why: string): void {
  expectRule(error.tookEffect === wanted, `\`tookEffect\` ${wanted}`, error.tookEffect, why);
}

/** A PUT to one address is idempotent; any other request that changes something is sent once. */
function expectSentOnce(requests: readonly string[]): void {
  const changing = requests.filter((request) => !/^(GET|HEAD) /.test(request));
  const isOnce = changing.length === 1 || (new Set(changing).size === 1 && changing[0]?.startsWith('PUT '));
  expectRule(isOnce === true, 'one request', changing, 'each may make an image, and be paid');
}

async function expectAborted({ seen, closed }: FaultServer, provider: Provider, suite: Conformance) {
  const abandoned = create(provider, suite).pipe(takeUntil(from(seen)));
  await lastValueFrom(abandoned, { defaultValue: null });
  const late = NEVER.pipe(takeUntil(from(closed)), timeout(suite.timeoutMs));
  const isClosed = await lastValueFrom(late, { defaultValue: true }).catch(() => false);
  expectRule(isClosed, 'a closed connection', 'an open one', 'a dropped request must not hold a slot');
}

async function useServer(
  starting: Promise<FaultServer>,
  use: (server: FaultServer) => Promise<void>,
): Promise<void> {
  const server = await starting;
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

import { createRandom, type Random } from '../../../src/simulator/engine/random.ts';
import type { Fault, SimulatedPrediction } from '../../../src/simulator/index.ts';
import type { Workload } from './workload.ts';

/** Shares of predictions: of create requests that are repeated, answered oddly, and so on. */
const REPEATED = 0.15;
const ODDLY_ANSWERED = 0.15;
const NOT_FOUND = 0.15;
const ECHOED_OTHERWISE = 0.3;

/**
 * A proxy repeats create requests, answers some that took effect with statuses of its own, does not
 * find predictions at first, and the service shows inputs in a spelling of its own.
 */
export const oddProxy: Workload = {
  name: 'proxy',
  simulator: ({ seed, onStrike }) => {
    const missed = new Set<string>();
    const draw = (name: string, { serial }: Readonly<SimulatedPrediction>, share: number): Random | null => {
      const random = createRandom(`${seed}/${name}/${serial}`);
      if (random.next() >= share) return null;
      return random;
    };
    return {
      faults: {
        isRepeated: (prediction) => {
          const isStruck = draw('repeated', prediction, REPEATED) !== null;
          if (isStruck) onStrike('repeatedCreate');
          return isStruck;
        },
        afterCreate: (prediction) => {
          const random = draw('odd', prediction, ODDLY_ANSWERED);
          if (random === null) return null;
          const fault = random.pick(ODD_RESPONSES);
          onStrike(`${fault.status} after a create`);
          return fault;
        },
        onGet: (prediction) => {
          if (draw('missing', prediction, NOT_FOUND) === null || missed.has(prediction.id)) return null;
          missed.add(prediction.id);
          onStrike('notFoundOnGet');
          return page(404, 'Not Found');
        },
        echo: (prediction) =>
          draw('echo', prediction, ECHOED_OTHERWISE)?.pick(ECHOES)(prediction.input) ?? null,
      },
    };
  },
};

type Response = Extract<Fault, { type: 'answer' }>;

const page = (status: number, title: string, headers: Record<string, string> = {}): Response => ({
  type: 'answer',
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: `<html><head><title>${title}</title></head><body>${title}</body></html>`,
});

const ODD_RESPONSES: readonly [Response, ...Response[]] = [
  page(302, 'Found', { location: '/login' }),
  page(307, 'Temporary Redirect', { location: '/maintenance' }),
  page(404, 'Not Found'),
  page(413, 'Payload Too Large'),
  page(200, 'We will be right back'),
  page(504, 'Gateway Timeout'),
  { type: 'answer', status: 409, body: '{"detail":"Conflict","status":409}' },
  { type: 'answer', status: 425, body: '' },
  { type: 'answer', status: 499, body: '' },
];

type Echo = (input: SimulatedPrediction['input']) => SimulatedPrediction['input'];

const ECHOES: readonly [Echo, ...Echo[]] = [
  (input) => ({ ...input, go_fast: true, num_outputs: 1 }),
  (input) => ('seed' in input ? { ...input, seed: String(input.seed) } : input),
  (input) => Object.fromEntries(Object.entries(input).toReversed()),
];

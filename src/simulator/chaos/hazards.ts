import type { Fault, FileFault, WebhookFault } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import { platformErrors } from '../engine/simulatedPrediction.ts';

/** The circumstances that shape a fault. */
interface Circumstances {
  readonly speed: number;
  readonly random: Random;
}

/** One thing that can go wrong. `at` is the field of `SimulatorFaults` that it sets. */
export type Hazard = {
  /** Number of times that it strikes the same request or file. Default 1: the next try succeeds. */
  readonly times?: number;
} & (
  | {
      readonly at: 'beforeCreate' | 'afterCreate' | 'onGet' | 'onList';
      readonly fault: (circumstances: Circumstances) => Fault;
    }
  | { readonly at: 'onWebhook'; readonly fault: (circumstances: Circumstances) => WebhookFault }
  | { readonly at: 'onFile'; readonly fault: (circumstances: Circumstances) => FileFault }
  /** `fault` is the error that the prediction ends with. */
  | { readonly at: 'onOutcome'; readonly fault: (circumstances: Circumstances) => string }
  /** Input, output and files are gone as soon as the prediction has ended. */
  | { readonly at: 'lifetimeMs' }
);

const reset = (): Fault => ({ type: 'reset' });
const problem = (status: number, detail: string, more: object = {}): Fault => ({
  type: 'answer',
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ detail, status, ...more }),
});
const page = (status: number, title: string): Fault => ({
  type: 'answer',
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${title}</title></head><body>${title}</body></html>`,
});
const badGateway = () => page(502, '502 Bad Gateway');
const serverError = () => problem(500, 'Internal server error');

/** Returns a wait in whole seconds, as the service counts them. */
const waitS = ({ speed }: Circumstances) => Math.max(1, Math.ceil(5 / speed));
const throttled = (seconds: number) =>
  problem(429, `Request was throttled. Your rate limit resets in ~${seconds}s.`, { retry_after: seconds });

/** All hazards that a chaos profile can use. */
export const hazards = {
  resetBeforeCreate: { at: 'beforeCreate', fault: reset },
  resetAfterCreate: { at: 'afterCreate', fault: reset },
  badGatewayBeforeCreate: { at: 'beforeCreate', fault: badGateway },
  badGatewayAfterCreate: { at: 'afterCreate', fault: badGateway },
  throttledCreate: { at: 'beforeCreate', fault: (around) => throttled(waitS(around)) },
  throttledCreateWithHeader: {
    at: 'beforeCreate',
    fault: (around) => ({
      ...throttled(waitS(around)),
      headers: { 'content-type': 'application/problem+json', 'retry-after': String(waitS(around)) },
    }),
  },
  errorOnGet: { at: 'onGet', fault: serverError },
  notFoundOnGet: { at: 'onGet', times: 2, fault: () => problem(404, 'Prediction not found') },
  errorOnList: { at: 'onList', fault: serverError },
  slowFile: { at: 'onFile', fault: ({ speed }) => ({ type: 'slow', durationMs: 5_000 / speed }) },
  cutFile: { at: 'onFile', fault: ({ random }) => ({ type: 'cut', share: random.next() }) },
  truncatedFile: {
    at: 'onFile',
    fault: ({ random }) => ({ type: 'truncate', share: random.between(0.1, 0.9) }),
  },
  htmlFile: { at: 'onFile', fault: () => page(200, 'We will be right back') },
  emptyFile: { at: 'onFile', fault: () => ({ type: 'answer', status: 200, body: '' }) },
  goneFile: { at: 'onFile', fault: () => problem(404, 'Not found') },
  lostWebhook: { at: 'onWebhook', fault: () => ({ type: 'drop' }) },
  repeatedWebhook: { at: 'onWebhook', fault: () => ({ type: 'repeat' }) },
  lateWebhook: { at: 'onWebhook', fault: ({ speed }) => ({ type: 'delay', delayMs: 20_000 / speed }) },
  dataRemoved: { at: 'lifetimeMs' },
  platformFailure: { at: 'onOutcome', fault: ({ random }) => random.pick(platformErrors) },
  safetyRefusal: {
    at: 'onOutcome',
    times: Number.POSITIVE_INFINITY,
    fault: () => 'NSFW content detected. Try running it again, or try a different prompt.',
  },
} as const satisfies Readonly<Record<string, Hazard>>;

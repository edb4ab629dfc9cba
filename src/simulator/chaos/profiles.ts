import type { SimulatorConfig } from '../engine/config.ts';
import type { hazards } from './hazards.ts';

export type HazardName = keyof typeof hazards;

/** A mix of things that go wrong. */
export interface ChaosProfile extends Pick<SimulatorConfig, 'createPerMinute' | 'createBurst' | 'creditUsd'> {
  /** What it rehearses, on one line. */
  readonly summary: string;
  /** The part of requests, or of files, that each hazard strikes: 0…1. Of hazards of one kind of call, at most one strikes. */
  readonly shares: Readonly<Partial<Record<HazardName, number>>>;
}

/** What can be rehearsed. Data only, so that a command line can show it without loading a server. */
export const chaosProfiles = {
  resets: {
    summary: '30 % of creates are reset, half of them made all the same',
    shares: { resetBeforeCreate: 0.15, resetAfterCreate: 0.15 },
  },
  'server-errors': {
    summary: '502 on creates, half made all the same; 500 on get and list',
    shares: {
      badGatewayBeforeCreate: 0.1,
      badGatewayAfterCreate: 0.1,
      errorOnGet: 0.5,
      errorOnList: 0.5,
    },
  },
  throttled: {
    summary: '60 creates a minute in bursts of 2, 429 beyond and before',
    createPerMinute: 60,
    createBurst: 2,
    shares: { throttledCreate: 0.05, throttledCreateWithHeader: 0.05 },
  },
  'low-credit': {
    summary: 'less than 5 dollars left: 6 creates a minute, one at a time',
    creditUsd: 4.99,
    shares: {},
  },
  'bad-files': {
    summary: 'half of the files slow, cut, truncated, HTML or empty, once',
    shares: { slowFile: 0.1, cutFile: 0.1, truncatedFile: 0.1, htmlFile: 0.1, emptyFile: 0.1 },
  },
  'fresh-404': {
    summary: 'half of the creates lose their answer, and are 404 at first',
    shares: { resetAfterCreate: 0.5, notFoundOnGet: 1 },
  },
  expiry: {
    summary: '20 % of outputs are gone before they are fetched, once',
    shares: { dataRemoved: 0.1, goneFile: 0.1 },
  },
  webhooks: {
    summary: 'webhooks: 20 % lost, 20 % sent twice, 20 % late',
    shares: { lostWebhook: 0.2, repeatedWebhook: 0.2, lateWebhook: 0.2 },
  },
  'platform-failures': {
    summary: '20 % of predictions fail once by the platform’s fault',
    shares: { platformFailure: 0.2 },
  },
  'safety-refusals': {
    summary: '10 % of requests fail the model’s safety check, every time',
    shares: { safetyRefusal: 0.1 },
  },
  storm: {
    summary: 'resets, 500s, 502s, failing runs and cut files, all at once',
    shares: {
      resetBeforeCreate: 0.15,
      resetAfterCreate: 0.15,
      badGatewayBeforeCreate: 0.05,
      badGatewayAfterCreate: 0.05,
      errorOnGet: 0.1,
      platformFailure: 0.1,
      cutFile: 0.1,
    },
  },
} as const satisfies Readonly<Record<string, ChaosProfile>>;

export type ChaosProfileName = keyof typeof chaosProfiles;

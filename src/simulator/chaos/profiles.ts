import type { SimulatorConfig } from '../engine/config.ts';
import type { hazards } from './hazards.ts';

/** The names of all hazards. */
export type HazardName = keyof typeof hazards;

/** A mix of hazards and limits. */
export interface ChaosProfile extends Pick<SimulatorConfig, 'createPerMinute' | 'createBurst' | 'creditUsd'> {
  /** A description on one line. */
  readonly summary: string;
  /**
   * The share of requests, or of files, that each hazard strikes: 0…1. At most one hazard strikes a
   * call.
   */
  readonly shares: Readonly<Partial<Record<HazardName, number>>>;
}

/**
 * All profiles by name. Data only, so that a command line can list them without loading a server.
 */
export const chaosProfiles = {
  resets: {
    summary: '30 % of create requests are reset, half after taking effect',
    shares: { resetBeforeCreate: 0.15, resetAfterCreate: 0.15 },
  },
  'server-errors': {
    summary: 'create: 502, half after taking effect; get and list: 500',
    shares: {
      badGatewayBeforeCreate: 0.1,
      badGatewayAfterCreate: 0.1,
      errorOnGet: 0.5,
      errorOnList: 0.5,
    },
  },
  throttled: {
    summary: 'create: 60 a minute, 2 at once; 429 beyond and at random',
    createPerMinute: 60,
    createBurst: 2,
    shares: { throttledCreate: 0.05, throttledCreateWithHeader: 0.05 },
  },
  'low-credit': {
    summary: 'create: 6 a minute, 1 at once, as credit is below 5 dollars',
    creditUsd: 4.99,
    shares: {},
  },
  'bad-files': {
    summary: 'half of the files slow, cut, truncated, HTML or empty, once',
    shares: { slowFile: 0.1, cutFile: 0.1, truncatedFile: 0.1, htmlFile: 0.1, emptyFile: 0.1 },
  },
  'fresh-404': {
    summary: 'half of create responses are lost; gets are 404 at first',
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
    summary: '20 % of predictions fail once because of the platform',
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

/** The names of all profiles. */
export type ChaosProfileName = keyof typeof chaosProfiles;

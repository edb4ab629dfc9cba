import type { Provenance } from '../../src/provenance/xmp.ts';

export function aProvenance(given: Partial<Provenance> = {}): Provenance {
  return {
    model: 'black-forest-labs/flux-schnell',
    version: 'c846a69991daf4c0e5d016514849d14ee5b2e6846ce6b9d6f21369e564cfe51e',
    prompt: 'A "pear" <on> & off 🍐',
    predictionId: 'gm3qorzdhgbfurvjtvhg6dckhu',
    completedAt: '2026-11-23T10:00:00.000Z',
    ...given,
  };
}

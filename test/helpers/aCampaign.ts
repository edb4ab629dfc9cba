import type { CampaignSpec } from '../../src/pipelines/workflows/campaign/spec.ts';
import { parseRendition } from '../../src/renditions/notation.ts';

/** Returns a spec of two platforms and two variations, with one more rendition. */
export function aCampaign(changes: Partial<CampaignSpec>): CampaignSpec {
  return {
    name: null,
    model: null,
    theme: 'a lemonade stand',
    style: '',
    prompt: null,
    platforms: [parseRendition('instagram_post'), parseRendition('facebook_ad')],
    variations: [
      { name: 'dawn', prompt: 'at dawn' },
      { name: 'dusk', prompt: 'at dusk' },
    ],
    input: {},
    renditions: [parseRendition('thumb=64x64')],
    organize: 'flat',
    count: null,
    seed: null,
    budgetUsd: null,
    priceUsd: null,
    ...changes,
  };
}

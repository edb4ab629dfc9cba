import { colourfulness } from './colourfulness.ts';
import { contrast } from './contrast.ts';
import { entropy } from './entropy.ts';
import { exposure } from './exposure.ts';
import { sharpness } from './sharpness.ts';

/** The measures that need no setting, by the names that specs use. */
export const measures = { sharpness, contrast, entropy, colourfulness, exposure } as const;

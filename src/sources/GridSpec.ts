import type { BatchSpec } from './BatchSpec.ts';
import type { Grid } from './Grid.ts';

/** A grid as a file describes it. */
export interface GridSpec extends BatchSpec, Grid {}

import type { flagTable } from './flagTable.ts';

/** A flag of the contract, without its dashes. */
export type FlagName = (typeof flagTable)[number]['name'];

/** From the lowest up. An order and no measure: `high` is not twice `standard`. */
export const qualities = ['draft', 'standard', 'high'] as const;
export type Quality = (typeof qualities)[number];

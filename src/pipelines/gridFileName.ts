/** The file in a run folder that keeps the order in which a grid's values came. */
export const gridFileName = 'grid.json';

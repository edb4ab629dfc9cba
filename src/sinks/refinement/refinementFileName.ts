/** The file in a run folder that has the rounds of a refinement. */
export const refinementFileName = 'refinement.json';

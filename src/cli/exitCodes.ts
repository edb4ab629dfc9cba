/** What a script's exit code means; the help lists the same. */
export const exitCodes = {
  allSaved: { code: 0, meaning: 'every job saved' },
  incomplete: { code: 1, meaning: 'some failed or were skipped' },
  usage: { code: 2, meaning: 'wrong flags, input or spec; nothing was created' },
  stoppedByService: { code: 3, meaning: 'stopped by the service for all jobs (token, credit)' },
  interrupted: { code: 130, meaning: 'interrupted; run it again to go on' },
} as const;

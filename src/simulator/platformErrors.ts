/** Errors of predictions that failed by the platform's fault: another run of the same request may succeed. */
export const platformErrors = [
  'Prediction interrupted; please retry (code: PA)',
  'Service is currently unavailable due to high demand. Please try again later. (E003)',
  'Prediction failed for an unknown reason. (E1000)',
] as const;

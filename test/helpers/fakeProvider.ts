export { aPrediction, aRequest } from '../../src/testing/aPlan.ts';
export { fakeGovernor, stubProvider as fakeProvider } from '../../src/testing/stubProvider.ts';

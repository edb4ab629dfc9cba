export { anImageFile, anOutcome, aPlan, aPrediction, aRequest } from './aPlan.ts';
export { type AssertEqual, assertFrames } from './assertFrames.ts';
export type {
  ConformanceCheck,
  OptionalMethod,
  ProviderConformanceConfig,
} from './conformance/rules.ts';
export { type CountPullsConfig, countPulls, type Pull, type PullRecord } from './countPulls.ts';
export { type ExpectedPulls, type ExpectPullsConfig, expectPulls } from './expectPulls.ts';
export type { FakeAnswer, FakeCourse, FakeProviderConfig } from './fakeAnswer.ts';
export type { FakeStats } from './fakePredictions.ts';
export { type FakeCall, type FakeProvider, fakeProvider } from './fakeProvider.ts';
export { type MarblesConfig, marbles } from './marbles.ts';
export { providerConformance } from './providerConformance.ts';
export { fakeGovernor, stubProvider } from './stubProvider.ts';
export { VirtualClock } from './virtualClock.ts';

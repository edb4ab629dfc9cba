import { expect, it } from 'vitest';
import { failureStage } from '../../../src/sinks/report/tallies.ts';
import { outcomeError } from '../../helpers/outcomes.ts';

it.each([
  ['ProviderError', null, 'creation'],
  ['InputFileError', null, 'creation'],
  ['ProviderError', 'p1', 'polling'],
  ['PredictionError', 'p1', 'polling'],
  ['DownloadError', 'p1', 'download'],
  ['RenderError', 'p1', 'rendering'],
  ['DeliveryError', 'p1', 'delivery'],
  // The result of an equal request has no prediction of this job.
  ['DownloadError', null, 'download'],
])(
  'without a stage of its own, a %s with the prediction %s came about at %s',
  (name, predictionId, stage) => {
    expect(failureStage({ error: { ...outcomeError(), name }, predictionId })).toBe(stage);
  },
);

it('is the stage that the error names', () => {
  const error = { ...outcomeError(), name: 'ProviderError', stage: 'download' as const };
  expect(failureStage({ error, predictionId: null })).toBe('download');
});

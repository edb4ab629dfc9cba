import type { Outcome, Plan } from '../../src/types.ts';

/** Returns the outcome of a job whose image was saved, as long as such outcomes are. */
export function endedOutcome({ index, key, prompt, model, version, input, tags, path }: Plan): Outcome {
  const hash = key
    .replaceAll(/[^0-9a-f]/g, '')
    .padEnd(64, '0')
    .slice(0, 64);
  return {
    ...{ index, key, prompt, model, version, input, tags },
    status: 'saved',
    predictionId: `${((index * 2_654_435_761) % 2 ** 32).toString(36)}-${index.toString(36)}`.padStart(
      26,
      '0',
    ),
    attempts: 1,
    files: [
      {
        ...{ role: 'original', name: 'original', path: `${path}.webp`, format: 'webp' },
        ...{ width: 1024, height: 1024, bytes: 1_000_000, sha256: hash },
      },
    ],
    metrics: { predict_time: 1.5, total_time: 1.6 },
    costUsd: 0.003,
    cached: false,
    createdAt: '2026-11-23T04:00:00.123456Z',
    completedAt: '2026-11-23T04:00:01.723456Z',
  };
}

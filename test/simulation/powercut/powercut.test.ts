import { expect, it } from 'vitest';
import { runWorkers } from '../report.ts';
import { drawStates } from './drawStates.ts';

// More of them: `npm run powercut`.
it('a run resumes from any state of the disk after a power cut, and loses and pays nothing', async () => {
  const { worlds, crashes, failures } = await runWorkers({ workers: 2, states: drawStates(20) });
  const histories = failures.map(
    ({ seed, problems, history }) => `state ${seed - 1}: ${history ?? problems.join('; ')}`,
  );
  expect(histories.join('\n\n')).toBe('');
  expect(worlds).toBe(20);
  expect(crashes).toBeGreaterThanOrEqual(20);
}, 120_000);

it('states have all scenes, all parts, and moments from the beginning of a run to its end', () => {
  const states = drawStates(300);
  const seen = new Set(states.map(({ scene, part }) => `${scene} ${part}`));
  expect(seen.size).toBe(4 * 7);
  const tenths = new Set(states.map(({ scene, share }) => `${scene} ${Math.floor(share * 10)}`));
  expect(tenths.size).toBe(4 * 10);
  expect(drawStates(1, 17)).toEqual([states[17]]);
});

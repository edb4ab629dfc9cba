import { expect, it } from 'vitest';
import { runWorkers } from './report.ts';

it('300 worlds, each crashed again and again, lose nothing, pay nothing twice, and book every cent', async () => {
  const levels = new Set<string>();
  const onWorld = ({ level }: { level: string }) => levels.add(level);
  const { worlds, crashes, failures } = await runWorkers({ workers: 2, count: 300, onWorld });
  const histories = failures.map(
    ({ seed, problems, history }) => `seed ${seed}: ${history ?? problems.join('; ')}`,
  );
  expect(histories.join('\n\n')).toBe('');
  expect(worlds).toBe(300);
  expect(crashes).toBeGreaterThan(600);
  expect([...levels].sort()).toEqual(['engine', 'folder']);
}, 120_000);

it('a world is the same each time, to the last line of its log', async () => {
  const logs: string[] = [];
  const onWorld = ({ history }: { history: string | null }) => logs.push(history ?? '');
  const run = () => runWorkers({ count: 4, first: 40, keepsLog: true, onWorld });
  await Promise.all([run(), run()]);
  const [first = '', ...others] = logs.toSorted();
  expect(first).toMatch(/process 1 begins/);
  expect(new Set([first, ...others]).size).toBe(4);
});

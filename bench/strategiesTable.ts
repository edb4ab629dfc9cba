import type { StrategyFigures } from './compareStrategies.ts';

/** Returns the lines of the table in docs/strategies.md. */
export function strategiesTable(figures: readonly StrategyFigures[]): readonly string[] {
  const cells = figures.map(({ name, inFlight, makespanMs, ratio, requests, jobsHeld }) => [
    name,
    String(inFlight),
    `${(makespanMs / 1_000).toFixed(1)} s`,
    ratio.toFixed(3),
    requests.toLocaleString('en'),
    String(jobsHeld),
  ]);
  const head = ['strategy', 'in flight', 'makespan', 'of the limit', 'requests', 'jobs held'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`);
}

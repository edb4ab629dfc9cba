import type { Item } from '../data/Item.ts';
import { usd } from '../text/usd.ts';

/** Returns the facts of an item that are not the same in all items. */
export function differences(item: Item, items: readonly Item[]): [name: string, value: string][] {
  const all = items.map(factsOf);
  return Object.entries(factsOf(item)).filter(([name, value]) => all.some((facts) => facts[name] !== value));
}

function factsOf({ job }: Item): Record<string, string> {
  const { prompt: _prompt, ...input } = job.input ?? {};
  const inputFacts = Object.entries(input).map(([name, value]) => [name, shown(value)]);
  return {
    model: job.model,
    ...Object.fromEntries(inputFacts),
    ...job.tags,
    ...(job.costUsd === undefined ? {} : { cost: usd(job.costUsd) }),
    ...(job.score === undefined ? {} : { score: String(job.score) }),
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

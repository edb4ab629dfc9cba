import type { Report } from '../../src/sinks/report/report.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { usd } from '../text/usd.ts';
import type { BarRow } from './barTable.ts';

/**
 * Returns the cost of each model, and of images that belong to no job: together, the whole cost.
 */
export function costRows({ costByModel, costUsd, surplus, unused }: Report): BarRow[] {
  const shareOf = (part: number) => (costUsd === 0 ? 0 : part / costUsd);
  const row = (name: string, note: string, saved: string, part: number): BarRow => ({
    name,
    note,
    figures: [saved, usd(part)],
    share: shareOf(part),
  });
  const models = Object.entries(costByModel).map(([model, cost]) =>
    row(model, modelNote(cost), String(cost.saved), cost.costUsd),
  );
  const others = [
    surplus === undefined ? [] : [row('Made twice', countNote(surplus.count), '–', surplus.costUsd)],
    unused === undefined ? [] : [row('No longer asked for', countNote(unused.count), '–', unused.costUsd)],
  ].flat();
  return [...models, ...others];
}

/** Returns the row below the models, with the totals. */
export function totalRow({ saved, costUsd }: Report): BarRow {
  return { name: 'Total', note: null, figures: [String(saved), usd(costUsd)], share: null };
}

function countNote(count: number): string {
  return `${count} ${count === 1 ? 'prediction' : 'predictions'}`;
}

/**
 * Returns a model's images, means and price as one text, because narrow windows have no room for
 * more columns.
 */
function modelNote({
  price,
  images,
  meanUsdPerImage,
  meanSecondsPerRun,
}: Report['costByModel'][string]): string {
  const means = [
    `${images} ${images === 1 ? 'image' : 'images'} made`,
    meanUsdPerImage !== null && `${usd(meanUsdPerImage)} each`,
    meanSecondsPerRun !== null && `${formatSeconds(meanSecondsPerRun)} a run`,
  ];
  const text = means.filter((part) => part !== false).join(', ');
  return price === null ? text : `${text}. ${price}`;
}

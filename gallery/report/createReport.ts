import type { GalleryData } from '../../src/sinks/gallery/galleryData.ts';
import type { Report } from '../../src/sinks/report/report.ts';
import { el } from '../page/el.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { usd } from '../text/usd.ts';
import { barTable } from './barTable.ts';
import { costOverTime } from './costOverTime.ts';
import { histogram } from './histogram.ts';
import { inFlight } from './inFlight.ts';
import { lastSession } from './lastSession.ts';
import { lineChart } from './lineChart.ts';

/** Creates the report: figures of the run and a few charts. `open` shows the image of a job. */
export function createReport({ report, jobs }: GalleryData, open: (index: number) => void): HTMLElement {
  const { saved, failed, skipped, total, costUsd, cacheHits, predictTime } = report;
  const session = lastSession(jobs);
  const costs = costOverTime(session.jobs, costUsd);
  const paidBefore = costs[0]?.y ?? 0;
  const partly = jobs.length < total ? ` The drawings show the first ${jobs.length} of ${total} jobs.` : '';
  const times = jobs.flatMap(({ predictS, cached }) => (predictS === undefined || cached ? [] : [predictS]));
  return el(
    'div',
    { class: 'report' },
    el(
      'dl',
      { class: 'figures' },
      ...figure('Saved', String(saved), `of ${total} jobs`),
      ...figure('Failed', String(failed), failed === 0 ? 'none' : 'listed below'),
      ...figure('Skipped', String(skipped), skipped === 0 ? 'none' : 'run the same command again'),
      ...figure('Cost', usd(costUsd), costNote(report)),
      ...figure('Took', formatSeconds(report.elapsedSeconds), runsNote(report)),
      ...figure(
        'Model ran',
        predictTime === null ? '–' : formatSeconds(predictTime.medianSeconds),
        predictTime === null ? '' : `median; 95 % within ${formatSeconds(predictTime.p95Seconds)}`,
      ),
      ...(report.ownWallTime === null
        ? []
        : figure(
            'Responses took',
            formatSeconds(report.ownWallTime.medianSeconds),
            `median of ${report.ownWallTime.count}, by the clock of the run; the service reported no times`,
          )),
      ...(report.requestsPerImage === null
        ? []
        : figure('Requests', String(report.requestsPerImage), 'an image')),
      ...figure('From cache', String(cacheHits), cacheHits === 0 ? 'none' : 'at no cost'),
    ),
    el(
      'div',
      { class: 'charts' },
      chart('How long the model ran', `${times.length} predictions.${partly}`, histogram(times)),
      chart(
        'Predictions in flight',
        session.note,
        lineChart(inFlight(session.jobs), { labelOf: String, kind: 'steps' }),
      ),
      chart(
        'Cost over time',
        paidBefore === 0 ? session.note : `${session.note} ${beforeNote(paidBefore)}`.trim(),
        lineChart(costs, { labelOf: usd, kind: 'area' }),
      ),
      chart(
        'Cost by model',
        '',
        barTable(
          ['Model', 'Saved', 'Cost'],
          Object.entries(report.costByModel).map(([model, cost]) => ({
            name: model,
            note: modelNote(cost),
            figures: [String(cost.saved), usd(cost.costUsd)],
            share: costUsd === 0 ? 0 : cost.costUsd / costUsd,
          })),
        ),
      ),
      report.errors.length === 0
        ? null
        : chart(
            'Errors by kind',
            '',
            barTable(
              ['Error', 'Jobs'],
              report.errors.map(({ code, count }) => ({
                name: code,
                note: jobs.find(({ error }) => error?.code === code)?.error?.suggestion ?? null,
                figures: [String(count)],
                share: count / Math.max(1, failed + skipped),
              })),
            ),
          ),
      chart(
        'Slowest',
        '',
        barTable(
          ['Picture', 'Model ran'],
          report.slowest.map(({ index, prompt, predictSeconds }) => ({
            name: `${index + 1} ${prompt}`,
            note: null,
            figures: [formatSeconds(predictSeconds)],
            share: predictSeconds / (report.slowest[0]?.predictSeconds || 1),
            ...(index < jobs.length ? { onOpen: () => open(index) } : {}),
          })),
        ),
      ),
    ),
  );
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

/** Says what is not certain about the cost, and what it was for. */
function costNote({ costUsd, costIncomplete, estimatedUsd, surplus, unused, saved }: Report): string {
  const notes = [
    estimatedUsd > 0 && `${usd(estimatedUsd)} of it estimated`,
    estimatedUsd === 0 && costIncomplete && 'at least; some prices are unknown',
    surplus !== undefined && `${usd(surplus.costUsd)} for ${surplus.count} made twice`,
    unused !== undefined &&
      unused.costUsd > 0 &&
      `${usd(unused.costUsd)} for ${unused.count} no longer asked for`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? averageCost(costUsd, saved) : notes.join('; ');
}

function beforeNote(usdBefore: number): string {
  return `Begins with ${usd(usdBefore)} of earlier runs, or of jobs without known times.`;
}

function runsNote({ runs, run }: Report): string {
  return runs === 1 ? 'in one run' : `in ${runs} runs, the last one ${formatSeconds(run.elapsedMs / 1_000)}`;
}

function averageCost(costUsd: number, saved: number): string {
  return saved === 0 || costUsd === 0
    ? ''
    : `${usd(Math.round((costUsd / saved) * 10_000) / 10_000)} a picture`;
}

function figure(name: string, value: string, note: string): HTMLElement[] {
  return [el('div', {}, el('dt', {}, name), el('dd', {}, value, el('span', { class: 'quiet' }, note)))];
}

function chart(title: string, note: string, content: Element): HTMLElement {
  return el(
    'section',
    { class: 'chart' },
    el('h2', {}, title),
    content,
    note === '' ? null : el('p', { class: 'quiet' }, note),
  );
}

import type { GalleryData } from '../../src/sinks/gallery/galleryData.ts';
import type { Report } from '../../src/sinks/report/report.ts';
import { el } from '../page/el.ts';
import { type RunPlace, retryCommand } from '../text/commands.ts';
import { copyButton } from '../text/copyButton.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { usd } from '../text/usd.ts';
import { barTable } from './barTable.ts';
import { costOverTime } from './costOverTime.ts';
import { costRows, totalRow } from './costRows.ts';
import { histogram } from './histogram.ts';
import { inFlight } from './inFlight.ts';
import { lastSession } from './lastSession.ts';
import { lineChart } from './lineChart.ts';

export interface ReportActions {
  /** Shows the image of a job. */
  open(index: number): void;
  /** Shows the pictures with an error. */
  showError(code: string): void;
  readonly place: RunPlace;
}

/** Creates the report: figures of the run and a few charts. */
export function createReport(data: GalleryData, actions: ReportActions): HTMLElement {
  const { report, jobs } = data;
  return el(
    'div',
    { class: 'report' },
    el('dl', { class: 'figures' }, ...figuresOf(report)),
    el(
      'div',
      { class: 'charts' },
      ...timeCharts(data),
      chart('Cost by model', '', barTable(['Model', 'Saved', 'Cost'], costRows(report), totalRow(report))),
      chart(
        'Errors by kind',
        '',
        report.errors.length === 0
          ? empty('No job failed or was skipped.')
          : errorTable(report, jobs, actions),
        report.failed === 0
          ? null
          : el(
              'p',
              { class: 'buttons' },
              copyButton('Copy retry command', () => retryCommand(actions.place)),
            ),
      ),
      slowestChart(data, actions),
    ),
  );
}

function figuresOf(report: Report): HTMLElement[] {
  const { saved, failed, skipped, total, costUsd, cacheHits, predictTime, ownWallTime } = report;
  return [
    ...figure('Saved', String(saved), `of ${countOf(total, 'job')}`),
    ...figure('Failed', String(failed), failed === 0 ? 'none' : 'listed below'),
    ...figure('Skipped', String(skipped), skippedNote(report)),
    ...figure('Cost', usd(costUsd), costNote(report)),
    ...figure('Took', formatSeconds(report.elapsedSeconds), runsNote(report)),
    ...figure(
      'Model ran',
      predictTime === null ? '–' : formatSeconds(predictTime.medianSeconds),
      predictTime === null
        ? 'the service reported no times'
        : `median; 95 % within ${formatSeconds(predictTime.p95Seconds)}`,
    ),
    ...(ownWallTime === null
      ? []
      : figure(
          'Responses took',
          formatSeconds(ownWallTime.medianSeconds),
          `median of ${ownWallTime.count}, by the clock of the run; the service reported no times`,
        )),
    ...(report.requestsPerImage === null
      ? []
      : figure('Requests', String(report.requestsPerImage), 'an image')),
    ...figure('From cache', String(cacheHits), cacheHits === 0 ? 'none' : 'at no cost'),
  ];
}

function timeCharts({ report: { total, costUsd }, jobs }: GalleryData): HTMLElement[] {
  const session = lastSession(jobs);
  const costs = costOverTime(session.jobs, costUsd);
  const paidBefore = costs[0]?.y ?? 0;
  const costNote = paidBefore === 0 ? session.note : `${session.note} ${beforeNote(paidBefore)}`.trim();
  const partly = jobs.length < total ? ` The drawings show the first ${jobs.length} of ${total} jobs.` : '';
  const made = jobs.filter(({ cached }) => !cached);
  const ran = made.flatMap(({ predictS }) => predictS ?? []);
  const responded = made.flatMap(({ ownWallS }) => ownWallS ?? []);
  const times = ran.length > 0 ? ran : responded;
  return [
    chart(
      ran.length > 0 || times.length === 0 ? 'How long the model ran' : 'How long responses took',
      times.length === 0 ? '' : `${countOf(times.length, 'prediction')}.${partly}`,
      times.length === 0 ? empty('The service reported no run times for these jobs.') : histogram(times),
    ),
    chart(
      'Predictions in flight',
      session.note,
      session.jobs.length === 0
        ? empty('The service reported no start and end for these jobs.')
        : lineChart(inFlight(session.jobs), { labelOf: String, kind: 'steps' }),
    ),
    costUsd === 0 || costs.length === 0
      ? chart(
          'Cost over time',
          '',
          empty(costUsd === 0 ? 'Nothing was paid.' : 'The service reported no times for these jobs.'),
        )
      : chart('Cost over time', costNote, lineChart(costs, { labelOf: usd, kind: 'area' })),
  ];
}

function slowestChart({ report: { slowest }, jobs }: GalleryData, { open }: ReportActions): HTMLElement {
  if (slowest.length === 0)
    return chart('Slowest', '', empty('The service reported no run times for these jobs.'));
  const rows = slowest.map(({ index, prompt, predictSeconds }) => ({
    name: `${index + 1} ${prompt}`,
    note: null,
    figures: [formatSeconds(predictSeconds)],
    share: predictSeconds / (slowest[0]?.predictSeconds || 1),
    ...(index < jobs.length ? { onOpen: () => open(index) } : {}),
  }));
  return chart('Slowest', '', barTable(['Picture', 'Model ran'], rows));
}

function errorTable(
  { errors, failed, skipped }: Report,
  jobs: GalleryData['jobs'],
  { showError }: ReportActions,
): HTMLElement {
  return barTable(
    ['Error', 'Jobs'],
    errors.map(({ code, count }) => {
      const job = jobs.find(({ error }) => error?.code === code);
      return {
        name: code,
        note: job?.error?.suggestion?.replaceAll('`', '') ?? null,
        figures: [String(count)],
        share: count / Math.max(1, failed + skipped),
        ...(job === undefined ? {} : { onOpen: () => showError(code) }),
      };
    }),
  );
}

/** Jobs that the budget does not cover are skipped by the same command again. */
function skippedNote({ skipped, errors }: Report): string {
  if (skipped === 0) return 'none';
  const isShort = errors.some(({ code }) => code === 'ERR_OVER_BUDGET');
  return isShort ? 'raise the budget, and run it again' : 'run the same command again';
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Creates the text in place of a chart without values. */
function empty(text: string): HTMLElement {
  return el('p', { class: 'empty' }, text);
}

/** Returns a note on the uncertain parts of the cost and on images made twice or unused. */
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

function chart(title: string, note: string, content: Element, below: HTMLElement | null = null): HTMLElement {
  return el(
    'section',
    { class: 'chart' },
    el('h2', {}, title),
    content,
    below,
    note === '' ? null : el('p', { class: 'quiet' }, note),
  );
}

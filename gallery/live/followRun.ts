import type { GalleryData, GalleryJob, LiveState, LiveUpdate } from '../../src/sinks/gallery/galleryData.ts';
import { el } from '../page/el.ts';
import { copyButton } from '../text/copyButton.ts';
import { usd } from '../text/usd.ts';
import { createControls } from './createControls.ts';

/** Interval between updates of the page: jobs may change hundreds of times a second. */
const SHOW_EVERY_MS = 500;

/** Placeholders of jobs that have not begun, at most as many as a gallery shows jobs. */
const MOST_JOBS = 20_000;

/**
 * Follows a run in progress and creates the bar that shows it. When jobs have changed, calls
 * `onJobs` with all of them, followed by placeholders of those that have not begun. If the
 * connection breaks, the browser reconnects by itself and receives the changes that it has missed.
 */
export function followRun(
  { jobs: first, folder = '' }: GalleryData,
  state: LiveState,
  onJobs: (jobs: readonly GalleryJob[]) => void,
): HTMLElement {
  const jobs = new Map(first.map((job) => [job.index, job]));
  const bar = el('progress', { 'aria-label': 'Jobs done' });
  const words = el('p', { role: 'status' });
  const controls = createControls();
  const page = `${folder}/gallery.html`;
  const ending = el(
    'p',
    { class: 'buttons', hidden: true },
    el('code', { class: 'command' }, page),
    copyButton('Copy path', () => page),
  );
  const element = el(
    'section',
    { class: 'live', 'aria-label': 'Progress of the run' },
    bar,
    words,
    controls.element,
    ending,
  );
  let live = state;
  const showProgress = (trouble = '') => {
    bar.max = Math.max(1, live.total);
    bar.value = live.done;
    words.textContent = [...factsOf(live), trouble].filter((fact) => fact !== '').join(' · ');
    controls.show(live);
    ending.hidden = !live.isOver;
  };
  let isPlanned = false;
  const show = () => {
    isPlanned = false;
    const known = [...jobs.values()].sort((a, b) => a.index - b.index);
    onJobs([...known, ...placesFor(live, known.length)]);
  };
  const plan = () => {
    if (!isPlanned) setTimeout(show, SHOW_EVERY_MS);
    isPlanned = true;
  };
  showProgress();
  if (live.isOver) return element;
  plan();
  const events = new EventSource(`events?since=${live.version}`);
  events.onmessage = ({ data }) => {
    const update: LiveUpdate = JSON.parse(data);
    const isOther = update.jobs.length > 0 || update.live.total !== live.total || update.live.isOver;
    live = update.live;
    for (const job of update.jobs) jobs.set(job.index, job);
    showProgress();
    if (isOther) plan();
    if (live.isOver) events.close();
  };
  events.onerror = () => showProgress('No connection to the run');
  return element;
}

const places: GalleryJob[] = [];

/** Returns jobs without a number for those that have not begun. */
function placesFor({ total, isOver, isCancelled }: LiveState, known: number): readonly GalleryJob[] {
  const count = isOver || isCancelled ? 0 : Math.max(0, Math.min(total, MOST_JOBS) - known);
  while (places.length < count)
    places.push({ index: -1 - places.length, status: 'waiting', prompt: '', model: '', attempts: 0 });
  return places.slice(0, count);
}

function factsOf(live: LiveState): string[] {
  const { total, done, failed, costUsd, ratePerMinute, leftMs, isOver, isPaused, isCancelled } = live;
  const isRunning = !isOver && !isPaused && !isCancelled;
  return [
    total === 0 ? 'The run begins' : `${done} of ${total}`,
    failed > 0 ? `${failed} failed` : '',
    costUsd > 0 ? usd(costUsd) : '',
    ratePerMinute === null || done === 0 || !isRunning ? '' : `${Math.round(ratePerMinute)} a minute`,
    leftMs === null || !isRunning ? '' : `about ${inWords(leftMs)} left`,
    isOver ? '' : isCancelled ? 'Cancelling' : isPaused ? 'Paused: jobs in flight are finishing' : '',
    isOver ? 'The run is over: gallery.html in its folder has everything' : '',
  ];
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

import type { GalleryData, GalleryJob, LiveState, LiveUpdate } from '../../src/sinks/gallery/galleryData.ts';
import { el } from '../page/el.ts';
import { usd } from '../text/usd.ts';

/** Interval between updates of the page: jobs may change hundreds of times a second. */
const SHOW_EVERY_MS = 500;

/**
 * Follows a run in progress and creates the bar that shows it. Calls `onJobs` with all jobs after
 * some have changed. The browser reconnects by itself if the connection breaks, and then receives
 * the changes that it has missed.
 */
export function followRun(
  { jobs: first }: GalleryData,
  state: LiveState,
  onJobs: (jobs: readonly GalleryJob[]) => void,
): HTMLElement {
  const jobs = new Map(first.map((job) => [job.index, job]));
  const bar = el('progress', { 'aria-label': 'Jobs done' });
  const words = el('p', { role: 'status' });
  const element = el('section', { class: 'live', 'aria-label': 'Progress of the run' }, bar, words);
  const showProgress = (live: LiveState, trouble = '') => {
    bar.max = Math.max(1, live.total);
    bar.value = live.done;
    words.textContent = [...factsOf(live), trouble].filter((fact) => fact !== '').join(' · ');
  };
  let live = state;
  let isPlanned = false;
  const show = () => {
    isPlanned = false;
    onJobs([...jobs.values()].sort((a, b) => a.index - b.index));
  };
  showProgress(live);
  if (live.isOver) return element;
  const events = new EventSource(`events?since=${live.version}`);
  events.onmessage = ({ data }) => {
    const update: LiveUpdate = JSON.parse(data);
    live = update.live;
    for (const job of update.jobs) jobs.set(job.index, job);
    showProgress(live);
    if (update.jobs.length > 0 && !isPlanned) setTimeout(show, SHOW_EVERY_MS);
    isPlanned ||= update.jobs.length > 0;
    if (live.isOver) events.close();
  };
  events.onerror = () => showProgress(live, 'No connection to the run');
  return element;
}

function factsOf({ total, done, failed, costUsd, ratePerMinute, leftMs, isOver }: LiveState): string[] {
  return [
    total === 0 ? 'The run begins' : `${done} of ${total}`,
    failed > 0 ? `${failed} failed` : '',
    costUsd > 0 ? usd(costUsd) : '',
    ratePerMinute === null || done === 0 || isOver ? '' : `${Math.round(ratePerMinute)} a minute`,
    leftMs === null || isOver ? '' : `about ${inWords(leftMs)} left`,
    isOver ? 'The run is over: gallery.html in its folder has everything' : '',
  ];
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

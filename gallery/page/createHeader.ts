import type { GalleryData } from '../../src/sinks/gallery/galleryData.ts';
import { usd } from '../text/usd.ts';
import { el } from './el.ts';

export type PageName = 'pictures' | 'report';

export interface Header {
  readonly element: HTMLElement;
  page(): PageName;
}

/** Creates the header: the run's name, its result in one line, and the links to the pages. */
export function createHeader(
  { name, report, jobs, live, isSimulated }: GalleryData,
  onPage: (page: PageName) => void,
): Header {
  const { saved, total, failed, skipped, costUsd, costIncomplete, estimatedUsd } = report;
  const facts = [
    `${saved} of ${total} saved`,
    failed > 0 && `${failed} failed`,
    skipped > 0 && `${skipped} skipped`,
    costUsd > 0 &&
      (estimatedUsd > 0 ? `about ${usd(costUsd)}` : `${usd(costUsd)}${costIncomplete ? ' at least' : ''}`),
    jobs.length < total && `the first ${jobs.length} are shown here`,
  ].filter((fact) => fact !== false);
  let current: PageName = 'pictures';
  const link = (page: PageName, label: string) =>
    el(
      'button',
      { type: 'button', 'aria-current': page === current ? 'page' : false, onclick: () => go(page) },
      label,
    );
  const links = { pictures: link('pictures', 'Pictures'), report: link('report', 'Report') };
  const go = (page: PageName) => {
    current = page;
    for (const [other, button] of Object.entries(links)) {
      if (other === page) button.setAttribute('aria-current', 'page');
      else button.removeAttribute('aria-current');
    }
    onPage(page);
  };
  const element = el(
    'header',
    { class: 'top' },
    el(
      'div',
      {},
      el('h1', { dir: 'auto' }, name),
      isSimulated
        ? el(
            'p',
            { class: 'badge' },
            el('strong', {}, 'Simulated'),
            'No model made these pictures, and nothing was paid.',
          )
        : null,
      // During the run, `followRun` shows the progress instead.
      live === undefined ? el('p', { class: 'quiet' }, facts.join(' · ')) : null,
    ),
    el('nav', { 'aria-label': 'Pages' }, links.pictures, links.report),
  );
  return { element, page: () => current };
}

import type { GalleryData } from '../../src/sinks/gallery/galleryData.ts';
import { usd } from '../text/usd.ts';
import { el } from './el.ts';
import { icon } from './icon.ts';

const pageLabels = { pictures: 'Pictures', lineage: 'Lineage', report: 'Report' } as const;

export type PageName = keyof typeof pageLabels;

export interface Header {
  readonly element: HTMLElement;
  page(): PageName;
  /** Shows a page, as a click on its name does. */
  go(page: PageName): void;
}

export interface HeaderConfig {
  /** The pages that this run has. */
  readonly pages: readonly PageName[];
  readonly onPage: (page: PageName) => void;
  readonly onHelp: () => void;
}

/** Creates the header: the run's name, its result in one line, and the links to the pages. */
export function createHeader(
  { name, report, jobs, live, isSimulated }: GalleryData,
  { pages, onPage, onHelp }: HeaderConfig,
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
  const links = pages.map((page) => {
    const isCurrent = page === current ? 'page' : false;
    const button = el(
      'button',
      { type: 'button', 'aria-current': isCurrent, onclick: () => go(page) },
      pageLabels[page],
    );
    return { page, button };
  });
  const go = (page: PageName) => {
    current = page;
    for (const { page: other, button } of links) {
      if (other === page) button.setAttribute('aria-current', 'page');
      else button.removeAttribute('aria-current');
    }
    onPage(page);
  };
  const element = el(
    'header',
    { class: 'top' },
    el('h1', { dir: 'auto' }, name),
    // During the run, `followRun` shows the progress instead.
    live === undefined ? el('p', { class: 'quiet' }, facts.join(' · ')) : null,
    isSimulated
      ? el(
          'p',
          { class: 'badge' },
          el('strong', {}, 'Simulated'),
          'No model made these pictures, and nothing was paid.',
        )
      : null,
    el('nav', { 'aria-label': 'Pages' }, ...links.map(({ button }) => button)),
    el(
      'button',
      { type: 'button', class: 'bare help', 'aria-label': 'Keys', title: 'Keys (?)', onclick: onHelp },
      icon('keyboard'),
    ),
  );
  return { element, page: () => current, go };
}

interface SidebarItem {
  readonly text: string;
  readonly link: string;
}

interface SidebarGroup {
  readonly text: string;
  readonly collapsed?: boolean;
  readonly items: SidebarItem[];
}

const page = (text: string, link: string): SidebarItem => ({ text, link });

/** The pages of the site in their order. */
export const sidebar: SidebarGroup[] = [
  {
    text: 'Start',
    items: [page('Start', '/'), page('Command line', '/cli'), page('Prompt files', '/prompt-files')],
  },
  {
    text: 'Guide',
    items: [
      page('Guide to batches', '/guide'),
      page('Models and prices', '/models'),
      page('Inputs', '/inputs'),
      page('Renditions', '/renditions'),
      page('Provenance', '/provenance'),
      page('The run folder', '/run-folder'),
      page('The gallery', '/gallery'),
      page('Destinations', '/destinations'),
      page('Recovery', '/recovery'),
      page('Strategies', '/strategies'),
      page('Webhooks', '/webhooks'),
      page('Several machines', '/fleet'),
      page('Monitoring', '/monitoring'),
      page('Scoring', '/scoring'),
      page('Security', '/security'),
    ],
  },
  {
    text: 'Workflows',
    items: [
      page('Campaign', '/campaign'),
      page('Grid', '/workflows/grid'),
      page('Variations', '/workflows/variations'),
      page('Compose', '/workflows/compose'),
      page('Compare models', '/workflows/compare'),
      page('Styles', '/workflows/styles'),
      page('Refinement', '/workflows/refinement'),
      page('Large batches', '/workflows/large-batch'),
    ],
  },
  {
    text: 'Library',
    items: [
      page('The library', '/library'),
      page('Twelve programs', '/examples'),
      page('Pipelines of your own', '/pipelines-of-your-own'),
      page('Testing', '/testing'),
      page('Architecture', '/architecture'),
    ],
  },
  {
    text: 'Operators',
    items: [page('Operators', '/operators'), page('Operators for images', '/image-operators')],
  },
  { text: 'Reference', items: [page('All exports', '/reference/')] },
  {
    text: 'Troubleshooting',
    items: [
      page('Troubleshooting', '/troubleshooting'),
      page('Errors', '/errors'),
      page('Rehearsing faults', '/chaos'),
      page('Reliability', '/reliability'),
    ],
  },
  {
    text: 'Background',
    items: [page('Dependencies', '/dependencies'), page('Benchmarks', '/benchmarks')],
  },
];

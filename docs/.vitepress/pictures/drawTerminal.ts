import { escapeXml } from './escapeXml.ts';
import type { Frame, Span } from './recordTerminal.ts';

const LETTER = 8.4;
const LINE = 19;
const MARGIN = 18;
const BAR = 30;

// Contrast on the background is 4.5 or more, dim text included.
const palette = [
  ...['#8b949e', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3'],
  ...['#8b949e', '#ffa198', '#7ee787', '#f2cc60', '#a5d6ff', '#e2c5ff', '#b3f0ff', '#ffffff'],
];

/**
 * Draws a recording as an SVG that plays by CSS alone: a strip of all screens behind a window,
 * which moves at the time of each. Without animations (reduced motion, a picture of it) it shows
 * the last.
 */
export function drawTerminal(frames: readonly Frame[], columns: number, label: string): string {
  const screens = frames.filter((frame, index) => index === 0 || key(frame) !== key(frames[index - 1]));
  const totalMs = frames.at(-1)?.atMs ?? 0;
  const rows = screens[0]?.rows.length ?? 0;
  const height = rows * LINE;
  const width = Math.ceil(columns * LETTER) + 2 * MARGIN;
  const total = height + BAR + MARGIN;
  const lines = new Map<string, number>();
  const strip = screens.map(({ rows }, index) => drawScreen(rows, index * height, lines));
  const last = -(screens.length - 1) * height;
  const steps = screens.map(({ atMs }, index) => {
    const percent = Number(((atMs / totalMs) * 100).toFixed(3));
    return `${percent}%{transform:translateY(${-index * height}px)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" role="img" aria-label="${escapeXml(label)}">`,
    '<style>',
    "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6edf3;white-space:pre}",
    ...palette.map((colour, index) => `.c${index}{fill:${colour}}`),
    '.b{font-weight:600}.d{fill:#9198a1}',
    `.strip{transform:translateY(${last}px);animation:play ${(totalMs / 1_000).toFixed(1)}s step-end infinite}`,
    `@keyframes play{${steps.join('')}100%{transform:translateY(${last}px)}}`,
    '@media (prefers-reduced-motion:reduce){.strip{animation:none}}',
    '</style>',
    `<rect width="${width}" height="${total}" rx="10" fill="#0d1117"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (colour, index) =>
        `<circle cx="${MARGIN + 4 + index * 18}" cy="${BAR / 2 + 2}" r="5.5" fill="${colour}"/>`,
    ),
    `<defs>${[...lines].map(([content, id]) => `<text id="l${id}" x="0" y="14" xml:space="preserve">${content}</text>`).join('')}</defs>`,
    `<clipPath id="window"><rect width="${width - MARGIN}" height="${height}"/></clipPath>`,
    `<g transform="translate(${MARGIN} ${BAR + 4})"><g clip-path="url(#window)"><g class="strip">`,
    ...strip,
    '</g></g></g></svg>\n',
  ].join('\n');
}

function key(frame: Frame | undefined): string {
  return JSON.stringify(frame?.rows);
}

/** Draws a screen; each line of text is stored once, however many screens have it. */
function drawScreen(rows: Frame['rows'], top: number, lines: Map<string, number>): string {
  return rows
    .map((spans, row) => {
      if (spans.length === 0) return '';
      const content = spans.map(drawSpan).join('');
      const id = lines.get(content) ?? lines.size;
      lines.set(content, id);
      return `<use href="#l${id}" y="${top + row * LINE}"/>`;
    })
    .join('');
}

function drawSpan({ text, colour, isBold, isDim }: Span): string {
  const names = [
    ...(colour === null || colour > 15 ? [] : [`c${colour}`]),
    ...(isBold ? ['b'] : []),
    ...(isDim ? ['d'] : []),
  ];
  const content = escapeXml(text);
  return names.length === 0 ? content : `<tspan class="${names.join(' ')}">${content}</tspan>`;
}

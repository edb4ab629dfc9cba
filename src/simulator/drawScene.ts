import { createRandom, type Random } from './createRandom.ts';

/** What a scene is drawn with. */
interface Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly random: Random;
  /** Colours from the far and light to the near and dark. */
  readonly palette: (depth: number) => string;
  readonly accent: string;
}

/** An SVG picture that follows from the text alone: one of four kinds of scene in colours of its own. */
export function drawScene(text: string, widthPx: number, heightPx: number): string {
  const random = createRandom(text);
  const hue = random.between(0, 360);
  const shift = random.pick([35, -40, 70, 150]);
  const palette = (depth: number) => {
    const saturation = 34 + 26 * Math.sin(depth * Math.PI);
    return `hsl(${(hue + shift * depth + 360) % 360},${saturation}%,${86 - 68 * depth}%)`;
  };
  const canvas = {
    widthPx,
    heightPx,
    random,
    palette,
    accent: `hsl(${(hue + random.pick([24, -24, 160])) % 360},88%,80%)`,
  };
  const scene = random.pick([mountains, city, waves, shapes]);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}">
<defs><linearGradient id="sky" x1="0" y1="0" x2="0.3" y2="1"><stop offset="0" stop-color="${palette(0.55)}"/>
<stop offset="0.55" stop-color="${palette(0.15)}"/><stop offset="1" stop-color="${palette(0)}"/></linearGradient>
<radialGradient id="glow"><stop offset="0" stop-color="${canvas.accent}" stop-opacity="0.9"/>
<stop offset="0.35" stop-color="${canvas.accent}" stop-opacity="0.35"/><stop offset="1" stop-color="${canvas.accent}" stop-opacity="0"/></radialGradient></defs>
<rect width="100%" height="100%" fill="url(#sky)"/>${scene(canvas).join('')}</svg>`;
}

function sun({ widthPx, heightPx, random, accent }: Canvas): string {
  const x = round(random.between(0.2, 0.8) * widthPx);
  const y = round(random.between(0.18, 0.42) * heightPx);
  const radius = round(Math.min(widthPx, heightPx) * random.between(0.06, 0.12));
  return `<circle cx="${x}" cy="${y}" r="${radius * 4}" fill="url(#glow)"/><circle cx="${x}" cy="${y}" r="${radius}" fill="${accent}"/>`;
}

/** A line of hills across the picture, as the sum of a few waves. */
function ridge({ widthPx, heightPx, random }: Canvas, baseY: number, roughness: number): string {
  const tones = Array.from({ length: 5 }, (_, place) => ({
    size: (roughness * heightPx) / (place + 1.2),
    length: random.between(0.6, 1.6) * (place + 1) * 3,
    phase: random.between(0, 2 * Math.PI),
  }));
  const points = Array.from({ length: 49 }, (_, step) => {
    const x = (step / 48) * widthPx;
    const height = tones.reduce(
      (sum, tone) => sum + tone.size * Math.sin((tone.length * step) / 48 + tone.phase),
      0,
    );
    return `L${round(x)} ${round(baseY * heightPx - height)}`;
  });
  return `M0 ${heightPx}${points.join('')}L${widthPx} ${heightPx}Z`;
}

function mountains(canvas: Canvas): string[] {
  const layers = 6;
  return [
    sun(canvas),
    ...Array.from({ length: layers }, (_, layer) => {
      const depth = (layer + 1) / layers;
      const path = ridge(canvas, 0.42 + 0.5 * depth, 0.075 * (1.25 - depth));
      return `<path d="${path}" fill="${canvas.palette(0.2 + 0.75 * depth)}" fill-opacity="0.94"/>`;
    }),
  ];
}

function city(canvas: Canvas): string[] {
  const { widthPx, heightPx, random, palette, accent } = canvas;
  const rows = [0.3, 0.55, 0.85].map((depth) => {
    const towers: string[] = [];
    for (let x = -20; x < widthPx; ) {
      const width = round(widthPx * random.between(0.05, 0.11));
      const top = round(heightPx * (random.between(0.34, 0.62) + depth * 0.22));
      towers.push(
        `<rect x="${x}" y="${top}" width="${width}" height="${heightPx - top}" fill="${palette(0.15 + depth * 0.85)}"/>`,
      );
      towers.push(windows(x, top, width, canvas, depth));
      x += width + round(random.between(0, widthPx * 0.015));
    }
    return towers.join('');
  });
  const fog = `<rect y="${round(heightPx * 0.6)}" width="${widthPx}" height="${round(heightPx * 0.4)}" fill="${accent}" fill-opacity="0.07"/>`;
  return [sun(canvas), ...rows, fog];
}

function windows(
  x: number,
  top: number,
  width: number,
  { heightPx, random, accent }: Canvas,
  depth: number,
): string {
  const size = Math.max(3, round(width / 9));
  const lit: string[] = [];
  for (let y = top + size * 2; y < Math.min(heightPx, top + heightPx * 0.5); y += size * 2.4) {
    for (let column = x + size; column < x + width - size; column += size * 2) {
      if (random.next() < 0.22 + depth * 0.2)
        lit.push(`M${round(column)} ${round(y)}h${size}v${size}h-${size}z`);
    }
  }
  return `<path d="${lit.join('')}" fill="${accent}" fill-opacity="${0.25 + depth * 0.5}"/>`;
}

function waves(canvas: Canvas): string[] {
  const { widthPx, random } = canvas;
  const bands = Array.from({ length: 11 }, (_, band) => {
    const depth = band / 10;
    const path = ridge(canvas, 0.38 + 0.6 * depth, 0.022 + 0.02 * depth);
    const foam = round(widthPx * 0.0016 * (1 + 2 * depth));
    return `<path d="${path}" fill="${canvas.palette(0.12 + 0.8 * depth)}" fill-opacity="0.82" stroke="#fff" stroke-opacity="${0.1 + random.next() * 0.25}" stroke-width="${foam}"/>`;
  });
  return [sun(canvas), ...bands];
}

function shapes({ widthPx, heightPx, random, palette, accent }: Canvas): string[] {
  const unit = Math.min(widthPx, heightPx);
  return Array.from({ length: 17 }, (_, place) => {
    const x = round(random.between(0.05, 0.95) * widthPx);
    const y = round(random.between(0.05, 0.95) * heightPx);
    const size = round(unit * random.between(0.06, 0.34) * (1 - place / 30));
    const fill = random.next() < 0.2 ? accent : palette(random.next());
    const turn = round(random.between(0, 180));
    const look = `fill="${fill}" fill-opacity="${round(random.between(55, 92)) / 100}" transform="rotate(${turn} ${x} ${y})"`;
    return random.pick([
      `<circle cx="${x}" cy="${y}" r="${size}" ${look}/>`,
      `<rect x="${x - size}" y="${y - size / 3}" width="${size * 2}" height="${size / 1.5}" rx="${size / 3}" ${look}/>`,
      `<path d="M${x - size} ${y}A${size} ${size} 0 0 1 ${x + size} ${y}Z" ${look}/>`,
      `<circle cx="${x}" cy="${y}" r="${size}" fill="none" stroke="${fill}" stroke-width="${Math.max(2, size / 7)}" stroke-opacity="0.8"/>`,
    ]);
  });
}

function round(value: number): number {
  return Math.round(value);
}

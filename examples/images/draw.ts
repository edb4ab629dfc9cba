// Draws the reference pictures of the examples, with the simulator's landscapes:
// `npx tsx examples/images/draw.ts`.
import { join } from 'node:path';
import sharp from 'sharp';
import { drawScene } from '../../src/simulator/pictures/drawScene.ts';

const widthPx = 768;
const heightPx = 576;

const lighthouse = `
  <path d="M0 150 L384 158 L0 60 Z" fill="#ffe7a3" opacity="0.3"/>
  <path d="M150 576 C250 470 330 436 400 434 C500 432 600 490 700 576 Z" fill="#1f2a33"/>
  <path d="M362 446 L376 190 H424 L438 446 Z" fill="#f3ece0"/>
  <path d="M369 320 L373 260 H427 L431 320 Z M376 190 H424 L426 222 H374 Z M365 390 L367 360 H433 L435 390 Z" fill="#c4493b"/>
  <rect x="366" y="178" width="68" height="12" rx="3" fill="#2b2f36"/>
  <rect x="381" y="140" width="38" height="38" fill="#ffe7a3"/>
  <path d="M376 140 L400 112 L424 140 Z" fill="#2b2f36"/>`;

const flask = `
  <ellipse cx="384" cy="520" rx="150" ry="16" fill="#000" opacity="0.16"/>
  <rect x="300" y="160" width="168" height="360" rx="30" fill="url(#body)"/>
  <rect x="300" y="250" width="168" height="10" fill="#fff" opacity="0.35"/>
  <path d="M318 160 C318 120 450 120 450 160 Z" fill="url(#steel)"/>
  <rect x="336" y="66" width="96" height="76" rx="12" fill="url(#steel)"/>`;

const mug = `
  <ellipse cx="370" cy="500" rx="190" ry="18" fill="#000" opacity="0.16"/>
  <path d="M516 270 C640 250 640 450 508 430" fill="none" stroke="url(#body)" stroke-width="34"/>
  <path d="M220 200 H522 L506 470 C504 500 478 504 460 504 H282 C264 504 238 500 236 470 Z" fill="url(#body)"/>
  <rect x="212" y="190" width="318" height="20" rx="10" fill="url(#steel)"/>`;

const lantern = `
  <ellipse cx="384" cy="528" rx="150" ry="16" fill="#000" opacity="0.16"/>
  <path d="M290 180 C290 40 478 40 478 180" fill="none" stroke="url(#steel)" stroke-width="14"/>
  <path d="M300 200 L330 150 H438 L468 200 Z" fill="url(#body)"/>
  <rect x="306" y="200" width="156" height="250" fill="#ffe9b0"/>
  <ellipse cx="384" cy="350" rx="40" ry="78" fill="#ffb347"/>
  <path d="M306 200 V450 M384 200 V450 M462 200 V450" stroke="url(#steel)" stroke-width="12"/>
  <rect x="280" y="450" width="208" height="72" rx="14" fill="url(#body)"/>`;

function product(shape: string, [light, dark]: readonly [string, string]): string {
  const across = 'x1="0" y1="0" x2="1" y2="0"';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">
    <defs>
      <linearGradient id="body" ${across}><stop offset="0" stop-color="${dark}"/><stop offset="0.35" stop-color="${light}"/><stop offset="1" stop-color="${dark}"/></linearGradient>
      <linearGradient id="steel" ${across}><stop offset="0" stop-color="#8b8f94"/><stop offset="0.4" stop-color="#f0f1f2"/><stop offset="1" stop-color="#787c82"/></linearGradient>
      <radialGradient id="room"><stop offset="0" stop-color="#fbf9f6"/><stop offset="1" stop-color="#e4ded5"/></radialGradient>
    </defs>
    <rect width="100%" height="100%" fill="url(#room)"/>${shape}</svg>`;
}

function landscape(text: string, front = ''): string {
  return drawScene(text, widthPx, heightPx).replace('</svg>', `${front}</svg>`);
}

const pictures = {
  'lighthouse.webp': landscape('scene 23', lighthouse),
  'flask.webp': product(flask, ['#5f8f7b', '#27493d']),
  'mug.webp': product(mug, ['#e08a4f', '#8f4524']),
  'lantern.webp': product(lantern, ['#5b6b8c', '#28324a']),
  'mountain-lake.webp': landscape('scene 24'),
  'high-ridge.webp': landscape('scene 38'),
  'dunes.webp': landscape('scene 10'),
};

for (const [name, svg] of Object.entries(pictures)) {
  await sharp(Buffer.from(svg))
    .webp({ quality: 80 })
    .toFile(join(import.meta.dirname, name));
}

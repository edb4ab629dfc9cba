import type { Canvas } from '../Canvas.ts';

/** A sun or a moon with its glow, somewhere in the upper half; between stars now and then. */
export function sun({ widthPx, heightPx, random, accent }: Canvas): string {
  const unit = Math.min(widthPx, heightPx);
  const x = Math.round(random.between(0.2, 0.8) * widthPx);
  const y = Math.round(random.between(0.16, 0.38) * heightPx);
  const radius = Math.round(unit * random.between(0.05, 0.11));
  const stars = Array.from({ length: random.next() < 0.4 ? 90 : 0 }, () => {
    const size = (unit * random.between(0.4, 1.5)) / 1_000;
    const [starX, starY] = [random.next() * widthPx, random.next() ** 1.6 * heightPx * 0.5];
    const light = random.between(0.3, 0.9).toFixed(2);
    return `<circle cx="${starX.toFixed(1)}" cy="${starY.toFixed(1)}" r="${size.toFixed(2)}" fill-opacity="${light}"/>`;
  });
  return `<g fill="${accent}">${stars.join('')}</g><circle cx="${x}" cy="${y}" r="${radius * 5}" fill="url(#glow)"/><circle cx="${x}" cy="${y}" r="${radius}" fill="${accent}"/>`;
}

/** Height of the line with the model's name over the square root of the area of a picture. */
const EDGE = 0.072;

/**
 * Hides the lower edge of a picture of the simulator, which shows the name of its model: voters
 * must not know it.
 */
export function hideLowerEdge(image: HTMLImageElement): void {
  const { naturalWidth: width, naturalHeight: height } = image;
  if (height === 0) return;
  image.style.clipPath = `inset(0 0 ${(100 * EDGE * Math.sqrt(width / height)).toFixed(2)}% 0)`;
}

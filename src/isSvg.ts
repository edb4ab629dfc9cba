const SVG_START = /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i;

/** Whether a file that begins like this is an SVG, which has no signature but its own text. */
export function isSvg(head: Uint8Array): boolean {
  return SVG_START.test(new TextDecoder().decode(head));
}

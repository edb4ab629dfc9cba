import { createHash } from 'node:crypto';
import { escapeXml } from '../../escapeXml.ts';
import { galleryScript, galleryStyle } from './galleryAssets.ts';

/** The page before and after its data. */
export interface GalleryDocument {
  readonly head: string;
  readonly foot: string;
}

/**
 * The gallery's page, which shows what stands between its two parts. Nothing but its own script and style runs in it, by
 * their hashes; it loads pictures that lie beside it and (where it is live) events, and nothing else, and no text can become HTML (Trusted Types).
 */
export function galleryDocument(name: string, { isLive = false } = {}): GalleryDocument {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(galleryScript)}'`,
    `style-src '${hashOf(galleryStyle)}'`,
    "img-src 'self' file:",
    ...(isLive ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeXml(name)}</title>
<style>${galleryStyle}</style>
</head>
<body>
<noscript>This page lists the pictures of a run with a script of its own. The pictures lie beside it in this folder.</noscript>
<script type="application/json" id="data">`;
  return { head, foot: `</script>\n<script>${galleryScript}</script>\n</body>\n</html>\n` };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

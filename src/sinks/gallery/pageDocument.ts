import { createHash } from 'node:crypto';
import { escapeXml } from '../../escapeXml.ts';

/** The page before and after its data. */
export interface PageDocument {
  readonly head: string;
  readonly foot: string;
}

export interface PageDocumentConfig {
  script: string;
  style: string;
  /** Whether it listens to events of the server that it is from. Default false. */
  isLive?: boolean;
}

/**
 * A page, which shows what stands between its two parts. Nothing but its own script and style runs in it, by
 * their hashes; it loads pictures that lie beside it and (where it is live) events, and nothing else, and no text can become HTML (Trusted Types).
 */
export function pageDocument(
  name: string,
  { script, style, isLive = false }: PageDocumentConfig,
): PageDocument {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
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
<style>${style}</style>
</head>
<body>
<noscript>This page lists the pictures of a run with a script of its own. The pictures lie beside it in this folder.</noscript>
<script type="application/json" id="data">`;
  return { head, foot: `</script>\n<script>${script}</script>\n</body>\n</html>\n` };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Types by signature that are texts, images in text aside. */
const TEXT_TYPE = /^text\/|[/+](?:xml|json|rtf)$/;

/** Control characters that no text has, UTF-16 aside. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are looked for.
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]/;

/** Extensions of meshes, whose formats are texts. */
const MESH = /^(?:obj|mtl|stl|ply|off|pcd|step|stp)$/;

/**
 * Returns true if a file that begins with these bytes is a text, JSON and XML included: also the
 * message that a file host sends instead of a file. Meshes that are written as texts do not count,
 * unless they are JSON or a page. `mime` is the type by signature, `name` the extension in its URL.
 */
export function isTextFile(head: Buffer, mime: string | undefined, name: string | null): boolean {
  if (mime !== undefined) return TEXT_TYPE.test(mime);
  const hasMark = head.length > 1 && /^(?:fffe|feff)/.test(head.toString('hex', 0, 2));
  const text = new TextDecoder().decode(head).trimStart();
  const isMesh = MESH.test(name ?? '') && !/^[{[<]/.test(text);
  return hasMark || (!isMesh && !BINARY.test(text));
}

/** A document, or an element at the beginning that only pages have; comments may precede it. */
const PAGE =
  /<(?:!doctype\s+html|html)\b|^\s*(?:<!--[\s\S]*?-->\s*)*<(?:head|body|title|meta|link|script|style|frameset|center|h1|p|div|form|table|iframe)\b/i;

/** Returns true for a web page, as a web filter or a login portal sends it in place of a file. */
export function isWebPage(text: string): boolean {
  return PAGE.test(text);
}

/** Copies a text to the clipboard; resolves to false if the browser refused. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/**
 * Copies a selected text: for browsers that block the clipboard API on pages of the file system.
 */
function copySelected(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // Inside an open dialog, because nothing outside of it can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}

/** Puts a text on the clipboard; resolves with whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** For browsers that keep the clipboard from pages of the file system. */
function copySelected(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // Within an open dialog, as nothing outside of it can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}

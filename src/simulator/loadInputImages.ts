/** Names of the inputs that hold images, in the order in which they count. */
const IMAGE_INPUTS = ['image', 'image_input', 'input_images'];
const PATIENCE_MS = 5_000;

/**
 * The images of an input: `data:` URLs, files uploaded to us, and URLs of other hosts. What cannot be loaded is left out,
 * as a picture without it is better than none.
 */
export async function loadInputImages(
  input: Readonly<Record<string, unknown>>,
  inputOf: (url: string) => Buffer | null,
): Promise<Buffer[]> {
  const urls = IMAGE_INPUTS.flatMap((name) => input[name] ?? []).filter((url) => typeof url === 'string');
  const images = await Promise.all(urls.map((url) => load(url, inputOf)));
  return images.filter((image) => image !== null);
}

async function load(url: string, inputOf: (url: string) => Buffer | null): Promise<Buffer | null> {
  const uploaded = inputOf(url);
  if (uploaded !== null) return uploaded;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? Buffer.from(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

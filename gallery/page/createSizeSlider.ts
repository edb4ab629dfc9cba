import { el } from './el.ts';

export interface SizeSlider {
  readonly element: HTMLElement;
  /** Height of a row of tiles. */
  heightPx(): number;
}

const storageKey = 'rxposure tile height';
const [SMALLEST_PX, LARGEST_PX] = [90, 480];

/** Creates the slider of the tile size, which begins at its last position in this browser. */
export function createSizeSlider(onChange: () => void): SizeSlider {
  const input = el('input', {
    type: 'range',
    id: 'tile-size',
    min: SMALLEST_PX,
    max: LARGEST_PX,
    step: 10,
    oninput: () => {
      store(input.value);
      onChange();
    },
  });
  input.value = restore() ?? (window.matchMedia('(min-width: 700px)').matches ? '220' : '150');
  return {
    element: el('div', { class: 'field size' }, el('label', { for: 'tile-size' }, 'Size'), input),
    heightPx: () => Number(input.value),
  };
}

function store(value: string): void {
  try {
    localStorage.setItem(storageKey, value);
  } catch {
    // The next visit begins with the usual size.
  }
}

function restore(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** Zoom and position of images: one state for all that are compared. */
export interface Zoom {
  /** Connects images to the zoom, and the pointer over their pane too. */
  attach(pane: HTMLElement, ...pictures: readonly HTMLElement[]): void;
  detachAll(): void;
  /** Zooms by a factor, around the centre. */
  by(factor: number): void;
  fit(): void;
  /** Zooms so that a pixel of the image is a pixel of the screen, or fits it if it is enlarged. */
  toggle(): void;
}

export type Swipe = 'left' | 'right' | 'up' | 'down';

const MAX_SCALE = 12;
const SWIPE_PX = 50;

/**
 * Creates a zoom: wheel, pinch and double click zoom, dragging moves. Calls `onSwipe` on a swipe
 * over an image that is not enlarged.
 */
export function createZoom(onSwipe: (direction: Swipe) => void = () => {}): Zoom {
  const panes: { pane: HTMLElement; pictures: readonly HTMLElement[]; end: AbortController }[] = [];
  let scale = 1;
  // Fractions of the pane, so that panes of other sizes show the same part.
  let [x, y] = [0, 0];

  const apply = () => {
    const limit = (scale - 1) / 2;
    x = Math.max(-limit, Math.min(limit, x));
    y = Math.max(-limit, Math.min(limit, y));
    for (const { pane, pictures } of panes) {
      const { clientWidth, clientHeight } = pane;
      for (const picture of pictures)
        picture.style.transform = `translate(${x * clientWidth}px, ${y * clientHeight}px) scale(${scale})`;
      pane.classList.toggle('is-enlarged', scale > 1);
    }
  };
  /** Zooms around a point, given as fractions of the pane from its centre. */
  const zoomAt = (factor: number, atX: number, atY: number) => {
    const next = Math.max(1, Math.min(MAX_SCALE, scale * factor));
    x = atX - ((atX - x) * next) / scale;
    y = atY - ((atY - y) * next) / scale;
    scale = next;
    apply();
  };
  const fromMiddle = (pane: HTMLElement, { clientX, clientY }: MouseEvent): [number, number] => {
    const { left, top, width, height } = pane.getBoundingClientRect();
    return [(clientX - left) / width - 0.5, (clientY - top) / height - 0.5];
  };
  const actualScale = (): number => {
    const picture = panes[0]?.pictures[0];
    if (!(picture instanceof HTMLImageElement) || picture.clientWidth === 0) return 1;
    const shown = Math.min(
      picture.clientWidth / picture.naturalWidth,
      picture.clientHeight / picture.naturalHeight,
    );
    return Math.max(1, 1 / shown / window.devicePixelRatio);
  };

  const listen = (pane: HTMLElement, signal: AbortSignal) => {
    const pointers = new Map<number, PointerEvent>();
    let start: PointerEvent | null = null;
    pane.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        zoomAt(Math.exp(-event.deltaY / 300), ...fromMiddle(pane, event));
      },
      { signal, passive: false },
    );
    pane.addEventListener(
      'dblclick',
      (event) =>
        scale > 1 ? zoomAt(1 / scale, 0, 0) : zoomAt(Math.max(2, actualScale()), ...fromMiddle(pane, event)),
      { signal },
    );
    pane.addEventListener(
      'pointerdown',
      (event) => {
        pointers.set(event.pointerId, event);
        pane.setPointerCapture(event.pointerId);
        start = pointers.size === 1 ? event : null;
      },
      { signal },
    );
    pane.addEventListener(
      'pointermove',
      (event) => {
        const before = pointers.get(event.pointerId);
        if (before === undefined) return;
        const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
        pointers.set(event.pointerId, event);
        if (other !== undefined) {
          zoomAt(distance(event, other) / Math.max(1, distance(before, other)), ...fromMiddle(pane, event));
        } else if (scale > 1) {
          x += (event.clientX - before.clientX) / pane.clientWidth;
          y += (event.clientY - before.clientY) / pane.clientHeight;
          apply();
        }
      },
      { signal },
    );
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
      const direction =
        start === null || scale > 1 || event.type !== 'pointerup' ? null : swipeOf(start, event);
      start = null;
      if (direction !== null) onSwipe(direction);
    };
    pane.addEventListener('pointerup', up, { signal });
    pane.addEventListener('pointercancel', up, { signal });
  };

  return {
    attach(pane, ...pictures) {
      const end = new AbortController();
      panes.push({ pane, pictures, end });
      listen(pane, end.signal);
      apply();
    },
    detachAll() {
      for (const { end } of panes.splice(0)) end.abort();
    },
    by: (factor) => zoomAt(factor, 0, 0),
    fit() {
      scale = 1;
      apply();
    },
    toggle: () => zoomAt(scale > 1 ? 1 / scale : Math.max(2, actualScale()), 0, 0),
  };
}

function distance(a: PointerEvent, b: PointerEvent): number {
  return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
}

function swipeOf(start: PointerEvent, end: PointerEvent): Swipe | null {
  const [dx, dy] = [end.clientX - start.clientX, end.clientY - start.clientY];
  if (Math.max(Math.abs(dx), Math.abs(dy)) < SWIPE_PX) return null;
  if (Math.abs(dx) > Math.abs(dy)) return dx < 0 ? 'left' : 'right';
  return dy < 0 ? 'up' : 'down';
}

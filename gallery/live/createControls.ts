import type { LiveState } from '../../src/sinks/gallery/galleryData.ts';
import { el } from '../page/el.ts';

export interface Controls {
  readonly element: HTMLElement;
  show(live: LiveState): void;
}

/**
 * Creates the buttons that pause and cancel the run; an empty element if the page's URL does not
 * have the token of the run.
 */
export function createControls(): Controls {
  const token = new URLSearchParams(location.search).get('token');
  let isPaused = false;
  let isSure = false;
  const pause = el('button', { type: 'button', onclick: () => post(isPaused ? 'resume' : 'pause') }, 'Pause');
  const cancel = el(
    'button',
    {
      type: 'button',
      onclick: () => {
        if (isSure) post('cancel');
        setSure(!isSure);
      },
      onblur: () => setSure(false),
    },
    'Cancel run',
  );
  // The second click cancels: predictions in flight may have to be paid.
  const setSure = (sure: boolean) => {
    isSure = sure;
    cancel.textContent = sure ? 'Really cancel the run?' : 'Cancel run';
  };
  const post = (action: string) => {
    if (token === null) return;
    // If it fails, the next update shows that nothing has changed.
    fetch(action, { method: 'POST', headers: { 'x-rxposure-token': token } }).catch(() => {});
  };
  const element = el('div', { class: 'buttons' }, pause, cancel);
  return {
    element,
    show({ isPaused: next, isOver, isCancelled }) {
      isPaused = next;
      pause.textContent = isPaused ? 'Resume' : 'Pause';
      element.hidden = token === null || isOver;
      pause.disabled = cancel.disabled = isCancelled;
    },
  };
}

import type { PickedFileKind, Picks } from '../../src/sinks/picks/picks.ts';
import { iconButton } from '../lightbox/iconButton.ts';
import { type Choice, choice } from '../page/choice.ts';
import { el } from '../page/el.ts';
import { picksCommand, type RunPlace } from '../text/commands.ts';
import { copyButton } from '../text/copyButton.ts';
import { saveText } from '../text/saveText.ts';

export interface PicksBarConfig {
  readonly place: RunPlace;
  /** Returns the judgements as they are now. */
  picks(): Picks;
  /** Returns the paths of the picked images' files, those of a kind. */
  pathsOf(kind: PickedFileKind): readonly string[];
  /** True if images have renditions. */
  readonly hasRenditions: boolean;
  /** Takes over an exported file; returns the number of its images that are here. */
  load(picks: Picks): number;
  /** Shows the picked images alone. */
  showPicked(): void;
  /** False if the browser forgets the judgements on a reload. */
  isStored(): boolean;
}

export interface PicksBar {
  readonly element: HTMLElement;
  readonly dialog: HTMLDialogElement;
  /** Shows how many images are judged now. */
  refresh(): void;
}

const kinds = [
  ['all', 'Originals and renditions'],
  ['originals', 'Originals'],
  ['renditions', 'Renditions'],
] as const;

/** Creates the bar with the number of picks, and the dialog that exports them. */
export function createPicksBar(config: PicksBarConfig): PicksBar {
  const count = el('span', { role: 'status' });
  const exportButton = el(
    'button',
    { type: 'button', class: 'primary', onclick: () => open() },
    'Export picks',
  );
  const element = el(
    'div',
    { class: 'selection', hidden: true },
    count,
    el('button', { type: 'button', onclick: config.showPicked }, 'Show'),
    exportButton,
  );
  const { dialog, fill } = createDialog(config);
  const refresh = () => {
    const { picks, others } = config.picks();
    const rejected = others.filter(({ verdict }) => verdict === 'rejected').length;
    const starred = others.length - rejected;
    const parts = [
      `${picks.length} picked`,
      rejected > 0 && `${rejected} rejected`,
      starred > 0 && `${starred} with stars`,
    ];
    element.hidden = picks.length + others.length === 0;
    count.textContent = parts.filter((part) => part !== false).join(' · ');
  };
  const open = () => {
    fill();
    dialog.showModal();
  };
  return { element, dialog, refresh };
}

function createDialog(config: PicksBarConfig) {
  const kind: Choice = choice('Files', kinds, () => fill());
  kind.field.hidden = !config.hasRenditions;
  const command = el('code', { class: 'command', tabindex: 0 });
  const note = el('p', { class: 'quiet' });
  const words = el('p', { role: 'status' });
  const chosenKind = () => (config.hasRenditions ? (kind.input.value as PickedFileKind) : 'all');
  const file = el('input', {
    type: 'file',
    accept: '.json',
    id: 'picks-file',
    onchange: async () => {
      words.textContent = await loadFrom(file.files?.[0], config);
      file.value = '';
      fill();
    },
  });
  const fill = () => {
    command.textContent = picksCommand(config.place, chosenKind());
    const { length } = config.picks().picks;
    note.textContent = `${length} ${length === 1 ? 'image is' : 'images are'} picked.${config.isStored() ? ' Your picks stay in this browser.' : ' This browser stores nothing for this page: export the picks before you close it.'}`;
  };
  const dialog = el(
    'dialog',
    { class: 'sheet', 'aria-label': 'Export picks' },
    el(
      'div',
      { class: 'bar' },
      el('h2', {}, 'Export picks'),
      iconButton('close', 'Close (Escape)', () => dialog.close()),
    ),
    el(
      'div',
      { class: 'sheet-body' },
      note,
      el('h3', {}, 'As a list'),
      el(
        'p',
        { class: 'buttons' },
        button('Save picks.json', () =>
          saveText('picks.json', `${JSON.stringify(config.picks(), null, 2)}\n`),
        ),
        button('Save picks.txt', () =>
          saveText(
            'picks.txt',
            config
              .pathsOf(chosenKind())
              .map((path) => `${path}\n`)
              .join(''),
          ),
        ),
      ),
      el('p', { class: 'quiet' }, 'The text file has one path a line, relative to the run folder.'),
      el('h3', {}, 'As a folder of files'),
      kind.field,
      el('p', {}, 'Save picks.json, then run this where it was saved:'),
      command,
      el(
        'p',
        { class: 'buttons' },
        copyButton('Copy command', () => picksCommand(config.place, chosenKind())),
      ),
      el('h3', {}, 'Picks of someone else'),
      el('p', { class: 'field' }, el('label', { for: 'picks-file' }, 'Add those of a picks.json'), file),
      words,
    ),
  );
  return { dialog, fill };
}

function button(label: string, onclick: () => void): HTMLButtonElement {
  return el('button', { type: 'button', onclick }, label);
}

async function loadFrom(file: File | undefined, { load }: PicksBarConfig): Promise<string> {
  if (file === undefined) return '';
  const picks = parsed(await file.text());
  if (picks === null) return `${file.name} is not a picks.json of a gallery.`;
  const found = load(picks);
  return `${found} judged ${found === 1 ? 'image is' : 'images are'} here now.`;
}

/** Returns the picks in a text; null if it has none. */
function parsed(text: string): Picks | null {
  try {
    const { run, picks, others = [] } = JSON.parse(text) as Picks;
    const isSound = [...picks, ...others].every(
      ({ path, sha256, stars }) =>
        typeof path === 'string' && typeof sha256 === 'string' && stars >= 0 && stars <= 5,
    );
    return isSound ? { run, picks, others } : null;
  } catch {
    return null;
  }
}

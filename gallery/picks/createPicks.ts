import type { JudgedImage, Judgement, Picks } from '../../src/sinks/picks/picks.ts';
import type { Item } from '../data/Item.ts';

/** The judgements of a reviewer, by image. */
export interface PicksStore {
  of(item: Item): Judgement;
  /** Changes a judgement; does nothing for an item without an image. */
  judge(item: Item, change: Partial<Judgement>): void;
  /** Takes over the judgements of an exported file; returns the number of images found. */
  load(picks: Picks, items: readonly Item[]): number;
  /** Finds images that have moved since, by their content. */
  relocate(items: readonly Item[]): void;
  /** False if the browser stores nothing for this page: a reload would lose the judgements. */
  isStored(): boolean;
}

const undecided: Judgement = { verdict: null, stars: 0 };

/** Letters of the stored verdicts. */
const letters = { picked: 'p', rejected: 'x', none: '-' } as const;

/**
 * Creates the judgements of a page, and restores those of an earlier visit from the browser's storage
 * under `storageKey`.
 */
export function createPicks(storageKey: string): PicksStore {
  let isStored = true;
  const judgements = restore();

  function restore(): Map<string, Judgement> {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
      if (typeof stored !== 'object' || stored === null) return new Map();
      return new Map(Object.entries(stored).map(([id, text]) => [id, parsed(String(text))]));
    } catch {
      return new Map();
    }
  }
  function store(): void {
    try {
      const entries = [...judgements].map(([id, { verdict, stars }]) => [
        id,
        `${letters[verdict ?? 'none']}${stars}`,
      ]);
      localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(entries)));
    } catch {
      isStored = false;
    }
  }
  function set(id: string, { verdict, stars }: Judgement): void {
    if (verdict === null && stars === 0) judgements.delete(id);
    else judgements.set(id, { verdict, stars });
  }
  /** Moves judgements to images with the same content, if no image has the old path. */
  const relocate = (items: readonly Item[]) => {
    const known = new Set(items.map(idOf));
    const byContent = new Map(items.map((item) => [item.files[0]?.sha256, item]));
    for (const [id, judgement] of [...judgements]) {
      if (known.has(id)) continue;
      const moved = idOf(byContent.get(id.slice(0, CONTENT_CHARS)));
      if (moved === null || judgements.has(moved)) continue;
      judgements.delete(id);
      judgements.set(moved, judgement);
    }
  };
  return {
    of: (item) => judgements.get(idOf(item) ?? '') ?? undecided,
    judge(item, change) {
      const id = idOf(item);
      if (id === null) return;
      set(id, { ...(judgements.get(id) ?? undecided), ...change });
      store();
    },
    load({ picks, others }, items) {
      for (const image of [...picks, ...others]) set(`${image.sha256} ${image.path}`, image);
      relocate(items);
      store();
      const known = new Set(items.map(idOf));
      return [...judgements.keys()].filter((id) => known.has(id)).length;
    },
    relocate,
    isStored: () => isStored,
  };
}

const CONTENT_CHARS = 20;

/** Returns the identity of an item's image, by content and path; null if it has none. */
function idOf(item: Item | undefined): string | null {
  const original = item?.files[0];
  if (original?.sha256 === undefined || original.isKept) return null;
  return `${original.sha256} ${original.path}`;
}

/** Returns true for an item with an image, which can be judged. */
export function isJudgeable(item: Item): boolean {
  return idOf(item) !== null;
}

function parsed(text: string): Judgement {
  const stars = Number(text.slice(1));
  return {
    verdict: text[0] === 'p' ? 'picked' : text[0] === 'x' ? 'rejected' : null,
    stars: Number.isInteger(stars) && stars >= 0 && stars <= 5 ? stars : 0,
  };
}

/** Returns the content of `picks.json` for the judged ones of these items. */
export function picksOf(
  items: readonly Item[],
  judgementOf: (item: Item) => Judgement,
  about: Pick<Picks, 'run' | 'isSimulated'>,
): Picks {
  const judged = items.flatMap((item): JudgedImage[] => {
    const { verdict, stars } = judgementOf(item);
    const original = item.files[0];
    if (original?.sha256 === undefined || (verdict === null && stars === 0)) return [];
    return [{ number: item.name, path: original.path, sha256: original.sha256, verdict, stars }];
  });
  return {
    ...about,
    picks: judged.filter(({ verdict }) => verdict === 'picked'),
    others: judged.filter(({ verdict }) => verdict !== 'picked'),
  };
}

import type { Vote, Votes } from '../../src/sinks/comparison/votes.ts';

/** A vote, or null for a pair that was skipped. */
export type Answer = Vote | null;

/** The votes of a person so far. */
export interface Ballot {
  readonly id: string;
  readonly voter: string;
  readonly answers: readonly Answer[];
}

/** Reads the stored ballot; a new one if there is none, or it is damaged. */
export function restoreBallot(storageKey: string, pairs: number): Ballot {
  const fresh = { id: newId(), voter: '', answers: [] };
  try {
    const stored: Ballot = JSON.parse(localStorage.getItem(storageKey) ?? 'null');
    const { id, voter, answers } = stored;
    const isSound = typeof id === 'string' && typeof voter === 'string' && Array.isArray(answers);
    return isSound && answers.length <= pairs ? { id, voter, answers } : fresh;
  } catch {
    return fresh;
  }
}

/**
 * Stores a ballot for a reload. If the browser stores nothing for local files, a reload starts again.
 */
export function storeBallot(storageKey: string, ballot: Ballot): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(ballot));
  } catch {}
}

/** Returns the content of the file that a person sends. */
export function votesOf({ id, voter, answers }: Ballot, run: string): Votes {
  const name = voter.trim();
  return {
    run,
    ballot: id,
    ...(name !== '' && { voter: name }),
    votes: answers.filter((answer) => answer !== null),
  };
}

/** Returns the name of that file: one for each person, safe on every system. */
export function fileNameOf({ id, voter }: Ballot, run: string): string {
  const name = voter
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `votes-${run}-${name === '' ? id.slice(0, 8) : name}.json`;
}

function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

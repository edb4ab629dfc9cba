import type { Destination } from '../ports.ts';
import { closeDestinations } from './closeDestinations.ts';

/** Opens the destinations of a run, one after the other; where one cannot be opened those before are closed again. */
export async function openDestinations(
  openers: readonly ((folder: string) => Promise<Destination>)[],
  folder: string,
): Promise<Destination[]> {
  const opened: Destination[] = [];
  try {
    for (const open of openers) opened.push(await open(folder));
    return opened;
  } catch (error) {
    await closeDestinations(opened);
    throw error;
  }
}

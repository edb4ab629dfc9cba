import type { Destination } from '../ports.ts';

/** Closes all of them; rejects with what the first that could not be closed says. */
export async function closeDestinations(destinations: readonly Destination[]): Promise<void> {
  const ends = await Promise.allSettled(destinations.map((destination) => destination.close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

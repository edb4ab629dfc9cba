import { z } from 'zod';

/** A text of a spec that says something. */
export const specText = z.string().trim().min(1, 'Expected a text, got an empty one');

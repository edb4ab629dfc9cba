import { z } from 'zod';

/** The base of an HTTP API: an http or https URL without a password, a query or a fragment; loses slashes at its end. */
export const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => {
    const { username, password, search, hash } = new URL(text);
    return username + password + search + hash === '';
  })
  .transform((text) => text.replace(/\/+$/, ''));

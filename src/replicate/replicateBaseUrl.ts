/** Where Replicate's HTTP API is. */
export const replicateBaseUrl = 'https://api.replicate.com/v1';

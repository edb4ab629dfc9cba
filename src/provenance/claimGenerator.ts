/** Who has made a C2PA manifest, as it says; our own ones are known by it. */
export const claimGenerator = 'rxposure';

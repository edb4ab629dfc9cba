/** A gallery shows so many jobs, the first ones of a run: what a browser holds without trouble. */
export const maxGalleryJobs = 20_000;

/** Whether a text is what `withoutLongData` leaves of a `data:` URL: its data are not there any more. */
export function isCutData(text: string): boolean {
  return /^data:[^\s,]*,… \(/i.test(text);
}

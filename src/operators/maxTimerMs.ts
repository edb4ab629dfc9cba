/** The longest wait a timer can take, nearly 25 days; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

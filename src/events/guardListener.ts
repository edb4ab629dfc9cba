/**
 * Makes a listener harmless: what it throws, or what a promise of it is rejected with, goes nowhere but into one warning of
 * the process (`ListenerWarning`, with the stack of the first error). Nobody waits for a promise of it.
 */
export function guardListener<T>(listener: (value: T) => unknown): (value: T) => void {
  let hasFailed = false;
  const report = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    const message = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Error ? error.stack : undefined;
    process.emitWarning(
      `A listener to a run failed; the run goes on, and further failures of it are not told: ${message}`,
      { type: 'ListenerWarning', ...(detail === undefined ? {} : { detail }) },
    );
  };
  return (value) => {
    try {
      const result = listener(value);
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  };
}

const WATCH_MS = 5;

/** Watches how much memory this process takes from now on, until `stop`. */
export function watchMemory(): { stop(): { readonly grownMb: number } } {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, WATCH_MS).unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      return { grownMb: Math.round((most - before) / 1e6) };
    },
  };
}

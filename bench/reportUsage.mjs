// Loaded into each measured process: reports CPU time and peak memory as it exits. JavaScript, since
// TypeScript would have to be loaded too.
import { writeSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuS: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1_024 };
  writeSync(3, JSON.stringify(usage));
});

import type { FleetReport } from './runFleet.ts';

const columns = [
  ...['kills', 'pauses', 'restarts', 'cuts', 'jobs', 'made', 'died', 'lost', 'twice'],
  ...['in flight', 'a minute', 'grant ms', 'budget', 's'],
];

const print = (line: string) => process.stdout.write(`${line}\n`);
const row = (name: string, cells: readonly (string | number)[]) =>
  `${name.padEnd(13)}${cells.map((cell) => String(cell).padStart(8)).join(' ')}`;

/** Prints the title of the next runs, and the heads of the columns. */
export function printTitle(title: string): void {
  print(`${title}\n\n${row('', columns)}`);
}

/** Prints a run: its blows, and its highest use of the limits. */
export function printReport(report: FleetReport): void {
  const { name, struck, jobs, made, died, lost, paidTwice, budgetShare } = report;
  print(
    row(name, [
      ...[struck.kills, struck.pauses, struck.databaseKills, struck.cuts, jobs, made],
      ...[died, lost, paidTwice],
      ...[report.mostInFlight, report.mostInMinute, Math.round(report.oldestGrantMs)],
      budgetShare === null ? '-' : `${(budgetShare * 100).toFixed(1)}%`,
      Math.round(report.seconds),
    ]),
  );
}

/** Prints all runs together, and the moments of their blows. */
export function printSums(reports: readonly FleetReport[]): void {
  const sum = (of: (report: FleetReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: FleetReport) => number) => Math.max(0, ...reports.map(of));
  print(
    row('all', [
      ...[sum(({ struck }) => struck.kills), sum(({ struck }) => struck.pauses)],
      ...[sum(({ struck }) => struck.databaseKills), sum(({ struck }) => struck.cuts)],
      ...[sum(({ jobs }) => jobs), sum(({ made }) => made), sum(({ died }) => died)],
      sum(({ lost }) => lost),
      ...[sum(({ paidTwice }) => paidTwice), most(({ mostInFlight }) => mostInFlight)],
      ...[most(({ mostInMinute }) => mostInMinute), Math.round(most(({ oldestGrantMs }) => oldestGrantMs))],
      ...['', Math.round(sum(({ seconds }) => seconds))],
    ]),
  );
  const moments = new Map<string, number>();
  for (const { struck } of reports) {
    for (const [moment, times] of struck.moments) moments.set(moment, (moments.get(moment) ?? 0) + times);
  }
  print('');
  for (const [moment, times] of [...moments].toSorted()) print(`${moment.padEnd(32)}${times}`);
  const aimed = sum(({ struck }) => struck.aimed.length);
  print(`${'pauses with a request unsent'.padEnd(32)}${sum(({ caught }) => caught)} of ${aimed} at a grant`);
  print(`${'connections cut'.padEnd(32)}${sum(({ struck }) => struck.severed)}`);
}

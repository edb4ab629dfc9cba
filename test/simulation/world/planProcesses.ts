import type { Chance } from './chance.ts';
import type { Input } from './input.ts';
import type { Crash } from './machine.ts';
import type { RunChoices, WorldConfig } from './worldConfig.ts';

/** The work of a process, and its end. */
export interface ProcessPlan {
  readonly input: Input;
  /** Path on the disk of the folder of its run. */
  readonly folder: string;
  readonly run: RunChoices;
  readonly crash: Crash | null;
  /** Nothing disturbs it, and it is to finish everything. */
  readonly isLast: boolean;
  /** There is nothing left to do for it. */
  readonly isIdle: boolean;
  /** It writes a gallery, if the runs of this world do. */
  readonly shows: boolean;
  /** Shortest time until the next one. */
  readonly pauseMs: number;
  /** A process that starts while this one runs. */
  readonly twin: TwinPlan | null;
}

/** A second process at a time. */
export interface TwinPlan extends Pick<ProcessPlan, 'input' | 'folder' | 'run' | 'crash'> {
  readonly afterMs: number;
}

/** The folders of the runs on the disk. */
export const FOLDERS = ['/out', '/out-2'] as const;

/**
 * Processes at the end that nothing disturbs: the first saves all images that it can, the second
 * comes when every lost request can be judged, and the third must find nothing to do.
 */
const LAST = 3;
/** Age at which every lost request is judged, and outputs are still there. */
const JUDGED_MS = 900_000;

/** Draws all processes of a world: those that are disturbed, then the last ones of each folder. */
export function planProcesses(config: WorldConfig, chance: Chance): ProcessPlan[] {
  const { crashes, script, run, otherRun, folders } = config;
  const inputs = script?.map(({ input }) => input) ?? drawInputs(config, chance);
  const plain = { isLast: false, isIdle: false, shows: true, pauseMs: 0 };
  const folderOf = (number: number) => FOLDERS[number % folders] ?? FOLDERS[0];
  const before = inputs.slice(0, crashes).map((input, number): ProcessPlan => {
    const own = number % 2 === 1 ? (otherRun ?? run) : run;
    const crash = script === null ? drawCrash(config, chance) : (script[number]?.crash ?? null);
    const twin = drawTwin(config, { input, run: own, number }, chance);
    return { ...plain, input, folder: folderOf(number), run: own, crash, twin };
  });
  const input = inputs.at(-1) ?? [];
  // The third costs time, and finds little: one world in three has it.
  const rounds = script !== null || chance.whole('input.idle', 0, 2) === 0 ? LAST : LAST - 1;
  const last = Array.from({ length: rounds * folders }, (_, number): ProcessPlan => {
    const round = Math.floor(number / folders);
    return {
      input,
      folder: folderOf(number),
      run,
      crash: null,
      isLast: true,
      isIdle: round === LAST - 1,
      // A contact sheet takes a third of a second: the later ones have nothing new to show.
      shows: round === 0,
      pauseMs: number === folders - 1 ? JUDGED_MS : 0,
      twin: null,
    };
  });
  return [...before, ...last];
}

/** Draws the inputs of the processes that are disturbed, and at the end that of the last ones. */
function drawInputs(config: WorldConfig, chance: Chance): Input[] {
  const { jobs, equalPrompts, changesInput, crashes, level } = config;
  const inputs: Input[] = [];
  let input: Input = Array.from({ length: jobs }, (_, n) => (equalPrompts ? n % 3 : n));
  for (let count = 0; count < crashes; count += 1) {
    inputs.push(input);
    if (changesInput && chance.whole('input.changes', 0, 1) === 1) input = changed(input, level, chance);
  }
  return [...inputs, input];
}

/** An input that has grown so much is not changed any more. */
const MOST_JOBS = 14;

function changed(input: Input, level: WorldConfig['level'], chance: Chance): Input {
  if (input.length >= MOST_JOBS) return input;
  // Without a folder, jobs are not matched by their requests.
  if (level === 'engine') return [...input, 100 + input.length];
  const next = [...input];
  const at = chance.whole('input.at', 0, next.length - 1);
  const way = chance.whole('input.way', 0, 3);
  if (way === 0) next.splice(at, 0, 100 + chance.whole('input.new', 0, 50));
  if (way === 1 && next.length > 1) next.splice(at, 1);
  if (way === 2) next.reverse();
  if (way === 3) next.push(next[at] ?? 0);
  return next;
}

/** Contacts of a process before its first create request, and for each job, about. */
const CONTACTS = { engine: { first: 45, job: 35 }, folder: { first: 110, job: 60 } } as const;

/** Draws the crash of a process: at its beginning, anywhere, or none at all. */
function drawCrash({ powerCuts, jobs, level }: WorldConfig, chance: Chance): Crash | null {
  const { first, job } = CONTACTS[level];
  const way = chance.whole('crash.way', 0, 9);
  const atContact = chance.whole('crash.at', 1, way < 2 ? first : first + job * jobs);
  const kind = chance.between('crash.kind', 0, 1) < powerCuts ? 'powerCut' : 'kill';
  return way === 9 ? null : { atContact, kind };
}

/** Draws a second process, of the same folder or of the other one. */
function drawTwin(
  config: WorldConfig,
  { input, run, number }: { readonly input: Input; readonly run: RunChoices; readonly number: number },
  chance: Chance,
): TwinPlan | null {
  if (config.twins === 0 || chance.between('twin', 0, 1) >= config.twins) return null;
  const isOther = config.folders === 2 && chance.whole('twin.folder', 0, 2) > 0;
  return {
    input,
    folder: FOLDERS[isOther ? (number + 1) % 2 : number % config.folders] ?? FOLDERS[0],
    run: { ...run, webhooks: false },
    crash: drawCrash(config, chance),
    afterMs: chance.between('twin.after', 0, chance.whole('twin.soon', 0, 1) === 1 ? 300 : 6_000),
  };
}

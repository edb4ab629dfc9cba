import type { CommandOption } from './commandOption.ts';

/** The headings of the list of commands, in its order. */
const groups = {
  begin: 'Begin:',
  make: 'Make images:',
  look: 'Look at runs:',
  go: 'Work on a run folder:',
  before: 'Before you pay:',
  fleet: 'Several machines, one account:',
} as const;

/** A command, as the list of commands and its own help describe it. */
interface CommandSummary {
  readonly heading: (typeof groups)[keyof typeof groups];
  /** Its arguments, in capitals; empty if it takes only flags. */
  readonly takes: string;
  /** One line of the list, without a full stop. */
  readonly line: string;
  /** The beginning of its help: a sentence or two. */
  readonly help: string;
}

/** Every command, in the order of the list. */
export const commandTable = {
  init: {
    heading: groups.begin,
    takes: '[WORKFLOW]',
    line: 'write a commented spec or prompt file to begin with',
    help: 'Writes a commented spec or prompt file of a workflow, and prints the commands to run it, first on the simulator. Asks two or three questions on a terminal; replaces no file.',
  },
  generate: {
    heading: groups.make,
    takes: 'INPUT',
    line: 'an image of each prompt in a file',
    help: 'Makes an image of each prompt in a file. The model is black-forest-labs/flux-schnell unless --model names another.',
  },
  campaign: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'a theme in variations, in the shape of each platform',
    help: 'Makes the images of a campaign: a theme in several variations, in the shape and size of each platform.',
  },
  grid: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'each combination of words, model inputs and models',
    help: 'Makes an image of each combination of values: words of the prompt, model inputs, models. If you add values and run it again, only the new combinations are made.',
  },
  variations: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'variations of a picture, near to it or far from it',
    help: 'Makes variations of a reference picture, as close to it or as far from it as you like.',
  },
  compose: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'each product in front of each background',
    help: 'Makes an image of each product in front of each background.',
  },
  compare: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'the same prompts by several models: images, time, cost',
    help: 'Makes each prompt with each model, with the same seed if the model takes one, and compares images, times and cost.',
  },
  styles: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'the same prompts in the styles of several pictures',
    help: 'Makes the same prompts in several styles, each from a reference picture: variants A, B, C, …, side by side.',
  },
  refine: {
    heading: groups.make,
    takes: 'SPEC',
    line: 'candidates, of which the best are refined round by round',
    help: 'Makes candidate images, rates them, and refines the best, round by round.',
  },
  open: {
    heading: groups.look,
    takes: '[FOLDER]',
    line: 'open the gallery of a run',
    help: 'Opens the gallery of a run in your browser, and prints the addresses of its pages.',
  },
  runs: {
    heading: groups.look,
    takes: '[OUT]',
    line: 'list the runs below a folder, and their cost by day and month',
    help: 'Lists the runs below a folder: when, which models, saved and failed jobs, cost; and the cost of real runs by day and by month.',
  },
  votes: {
    heading: groups.look,
    takes: 'FOLDER FILE…',
    line: 'count the votes of an ab.html, of compare or styles',
    help: 'Counts the votes cast in the ab.html of a run of compare or styles.',
  },
  picks: {
    heading: groups.look,
    takes: 'FOLDER FILE',
    line: 'copy the images that you picked in a gallery to a folder',
    help: 'Copies the images that you picked in the gallery of a run, from the picks.json that it exported, out of the run folder: for a client, for example. Replaces no file.',
  },
  retry: {
    heading: groups.go,
    takes: 'FOLDER',
    line: 'make the failed jobs of a run folder, and nothing else',
    help: 'Makes the failed jobs of earlier runs in a folder, and nothing else. Needs neither prompt file nor spec.',
  },
  collect: {
    heading: groups.go,
    takes: 'FOLDER',
    line: 'collect the predictions of a run with --detach',
    help: 'Collects the predictions that a run with --detach has left to the service. Outputs are deleted after one hour.',
  },
  render: {
    heading: groups.go,
    takes: 'FOLDER',
    line: 'make renditions of saved images, at no cost',
    help: 'Makes renditions of the saved images of a run, from their originals on disk. Sends no request, costs nothing, needs no token.',
  },
  prune: {
    heading: groups.go,
    takes: 'FOLDER',
    line: 'find files that a run folder does not need; --yes deletes them',
    help: 'Finds files that a run folder does not need: unfinished ones, thumbnails of images that are gone, and renditions that the manifest does not list. Deletes nothing without --yes, and never an original or a file of yours.',
  },
  completion: {
    heading: groups.begin,
    takes: 'SHELL',
    line: 'print the completion of commands and flags for bash, zsh or fish',
    help: 'Prints a script with which your shell completes commands, flags and their values.',
  },
  check: {
    heading: groups.before,
    takes: 'FILE',
    line: 'check and price a prompt file or a spec; needs no token',
    help: 'Checks a prompt file or a spec, and shows its jobs, cost and time. Makes nothing, and needs no token: it is the command that makes the images, with --dry-run.',
  },
  calibrate: {
    heading: groups.before,
    takes: '',
    line: 'time, cost and best concurrency of a model, by three runs',
    help: 'Measures the time and the cost of a model with 3 runs, and recommends a concurrency.',
  },
  simulator: {
    heading: groups.before,
    takes: '',
    line: "Replicate's HTTP API on this machine: no account, no cost",
    help: "Serves Replicate's HTTP API on this machine: no account, no cost, its own images.",
  },
  fleet: {
    heading: groups.fleet,
    takes: 'FILE',
    line: 'try it: with --local N, a database and N workers on this machine',
    help: 'Makes the images of a prompt file or a spec with several workers on this machine: starts a database, the workers and the command of that file, and ends them with it.',
  },
  worker: {
    heading: groups.fleet,
    takes: '',
    line: 'make the images of runs with --queue on this machine',
    help: 'Makes the images of runs that were started with --queue, together with the workers of other machines. Ends with Ctrl-C or SIGTERM: jobs in flight have 30 s, the rest goes to other workers.',
  },
  hooks: {
    heading: groups.fleet,
    takes: '',
    line: "receive the service's webhooks for all workers",
    help: "Receives the service's webhooks, checks their signatures, and stores them in the database for the workers of runs with --follow webhook. Several may run behind one address.",
  },
  status: {
    heading: groups.fleet,
    takes: '',
    line: 'show runs, money, pace, slots, workers, and stuck jobs',
    help: 'Shows the runs of several machines, with their money, pace, slots and workers, and names all that is stuck, with the cause.',
  },
} as const satisfies Readonly<Record<string, CommandSummary>>;

/** The name of a command, as it is typed: `retry`. */
export type CommandName = keyof typeof commandTable;

/** Runs a command for the arguments after its name, and sets the exit code of the process. */
export interface RunCommand {
  (argv: readonly string[]): Promise<void>;
  /** Returns its flags, for a shell to complete. */
  readonly options: () => readonly CommandOption[];
  /** Throws `UsageError` for words that it would refuse, before it reads a file. */
  readonly check?: (argv: readonly string[]) => void;
  /** Words that its input may be. Default: it is a file or a folder. */
  readonly words?: readonly string[];
}

/** Returns true for the name of a command. */
export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commandTable, word);
}

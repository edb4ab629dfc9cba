/** What each command makes, in a sentence or two for its help, in the order of the list. */
export const summaries = {
  generate:
    'Makes an image of each prompt in a file. The model is black-forest-labs/flux-schnell unless --model names another.',
  campaign:
    'Makes the images of a campaign: a theme in several variations, in the shape and size of each platform.',
  grid: 'Makes an image of each combination of values: words of the prompt, model inputs, models. If you add values and run it again, only the new combinations are made.',
  variations: 'Makes variations of a reference picture, as close to it or as far from it as you like.',
  compose: 'Makes an image of each product in front of each background.',
  compare:
    'Makes each prompt with each model, with the same seed if the model takes one, and compares images, times and cost.',
  styles:
    'Makes the same prompts in several styles, each from a reference picture: variants A, B, C, …, side by side.',
  votes: 'Counts the votes cast in the ab.html of a run of compare or styles.',
  refine: 'Makes candidate images, rates them, and refines the best, round by round.',
  collect:
    'Collects the predictions that a run with --detach has left to the service. Outputs are deleted after one hour.',
  'retry-failed':
    'Makes the failed jobs of earlier runs in a folder, and nothing else. Needs neither prompt file nor spec.',
  calibrate: 'Measures the time and the cost of a model with 3 runs, and recommends a concurrency.',
  simulator: "Serves Replicate's HTTP API on this machine: no account, no cost, its own images.",
} as const satisfies Readonly<Record<string, string>>;

/** The name of a command, as it is typed: `retry-failed`. */
export type CommandName = keyof typeof summaries;

/** Runs a command for the arguments after its name, and sets the exit code of the process. */
export type RunCommand = (argv: readonly string[]) => Promise<void>;

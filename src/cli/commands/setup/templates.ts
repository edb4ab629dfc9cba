import type { Maker } from '../makers.ts';

/** The answers that a template is filled with. */
export interface TemplateAnswers {
  /** Names file and run folder: letters, digits, _ and -. */
  readonly name: string;
  /** The words of the images. */
  readonly subject: string;
}

/** The file that `init` writes for a workflow. */
export interface Template {
  /** For the list of workflows. */
  readonly line: string;
  /** Question for the subject. */
  readonly question: string;
  /** The subject, if none is given. */
  readonly subject: string;
  /** Pictures of the package that the file names, below `images/`. */
  readonly pictures: readonly string[];
  /** Returns the text of the file, without its first line. */
  readonly text: (answers: TemplateAnswers) => string;
}

/** Quotes a text for YAML, with any content. */
const quoted = (text: string): string => JSON.stringify(text);

const settings = `
# Optional: uncomment what you need.
# count: 2                     # images of each
# budget: 2                    # dollars; a run never reserves more
# renditions:
#   - thumb=320x320,webp`;

/** The file that `init` writes, by workflow. */
export const templates: Readonly<Record<Maker, Template>> = {
  generate: {
    line: 'an image of each prompt in a list',
    question: 'What should the first image show?',
    subject: 'a lighthouse at dawn, long exposure',
    pictures: [],
    text: ({
      subject,
    }) => `# One prompt a line. Other keys are inputs of the model, or tags that name folders.
- ${quoted(subject)}
- ${quoted(`${subject}, in winter`)}
- prompt: ${quoted(`${subject}, as a woodcut`)}
  aspect_ratio: "3:4"          # an input of the model
  theme: print                 # a tag: --organize '{theme}/{index:04}-{slug}'
`,
  },
  campaign: {
    line: 'a theme in variations, in the shape of each platform',
    question: 'What is the campaign about?',
    subject: 'a tall glass of iced lemonade on a sunny table',
    pictures: [],
    text: ({ name, subject }) => `# Every variation for every platform: 2 x 2 images.
name: ${name}
model: black-forest-labs/flux-schnell

theme: ${quoted(subject)}
style: editorial product photography, soft light
# The prompt of each image; texts with braces stand in quotes.
prompt: "{theme}, {variation}. {style}"

platforms:
  - instagram_post
  - instagram_story

variations:
  - name: morning
    prompt: in the cool light of the early morning
  - name: evening
    prompt: at golden hour, with long shadows
${settings}
`,
  },
  grid: {
    line: 'each combination of words, model inputs and models',
    question: 'What should the images show?',
    subject: 'a teapot on a wooden table',
    pictures: [],
    text: ({
      name,
      subject,
    }) => `# Each combination: 3 x 2 images. Add a value and run it again: only the new ones are made.
name: ${name}
model: black-forest-labs/flux-schnell

prompt: ${quoted(`${subject.replaceAll(/[{}]/g, '')}, {colour}, {light}`)}

axes:
  colour: [cobalt blue, moss green, bone white]
  light: [morning light, candle light]
${settings}
`,
  },
  variations: {
    line: 'variations of a picture, near to it or far from it',
    question: 'What does the picture show?',
    subject: 'the lighthouse on its headland',
    pictures: ['lighthouse.webp'],
    text: ({ name, subject }) => `# Each variation at each strength: 3 x 2 images.
name: ${name}
model: black-forest-labs/flux-dev

reference: images/lighthouse.webp    # your picture, from this file's folder, or a URL
prompt: ${quoted(`${subject.replaceAll(/[{}]/g, '')}, {variation}`)}

variations:
  - in thin spring fog
  - in an autumn storm
  - under the first snow

strength: [0.45, 0.75]               # 0: as the picture, 1: as far from it as can be
${settings}
`,
  },
  compose: {
    line: 'each product in front of each background',
    question: 'How should they stand together?',
    subject: 'the {product} of the first picture in the {background} of the second, with its light',
    pictures: ['flask.webp', 'mug.webp', 'dunes.webp', 'mountain-lake.webp'],
    text: ({ name, subject }) => `# Each product in front of each background: 2 x 2 images.
name: ${name}
model: google/nano-banana

prompt: ${quoted(subject)}

products:
  - { image: images/flask.webp, prompt: green steel flask }
  - { image: images/mug.webp, prompt: orange enamel mug }

backgrounds:
  - { image: images/mountain-lake.webp, prompt: mountain lake at first light }
  - { image: images/dunes.webp, prompt: dunes at noon }
${settings}
`,
  },
  compare: {
    line: 'the same prompts by several models: images, time, cost',
    question: 'What should each model show?',
    subject: 'a market street after rain at night, lanterns in the wet stones',
    pictures: [],
    text: ({ name, subject }) => `# Each prompt by each model, with the same seed: 2 x 2 images.
name: ${name}

prompts:
  - name: first
    prompt: ${quoted(subject)}
  - name: hands
    prompt: two hands that hold a bowl of soup, close

models:
  - black-forest-labs/flux-schnell
  - qwen/qwen-image
${settings}
`,
  },
  styles: {
    line: 'the same prompts in the styles of several pictures',
    question: 'What should the images show?',
    subject: 'a harbour town seen from the water, in the style of the picture',
    pictures: ['lighthouse.webp', 'dunes.webp'],
    text: ({
      name,
      subject,
    }) => `# Each prompt in each style, side by side, and ab.html to vote: 1 x 2 images.
name: ${name}
model: google/nano-banana

prompts:
  - ${quoted(subject)}

styles:
  - name: A
    picture: images/lighthouse.webp  # your pictures, from this file's folder, or URLs
  - name: B
    picture: images/dunes.webp
${settings}
`,
  },
  refine: {
    line: 'candidates, of which the best are refined round by round',
    question: 'What should the image show?',
    subject: 'a harbour at night, lanterns mirrored in still water',
    pictures: [],
    text: ({ name, subject }) => `# 6 candidates, then 2 rounds of 2 x 2: 14 images at most.
name: ${name}
model: black-forest-labs/flux-schnell

prompt: ${quoted(subject)}
candidates: 6
keep: 2                        # the best so far that are refined
children: 2                    # images made of each
rounds: 2
promptStrength: [0.7, 0.45]    # distance from the parent, by round
score: sharpness               # or other measures, or a model: see docs/scoring.md

refineModel: black-forest-labs/flux-dev

# Optional: uncomment what you need.
# budget: 2                    # dollars; a run never reserves more
`,
  },
};

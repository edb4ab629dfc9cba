import { prefixSpecName, specFolder } from '../../sources/specs/readSpec.ts';
import { campaignFiles } from '../workflows/campaign/jobs.ts';
import { type CampaignFields, readCampaignSpec } from '../workflows/campaign/spec.ts';
import { type CompositionFields, compositionsWorkflow } from '../workflows/compose.ts';
import { gridWorkflow } from '../workflows/grid/grid.ts';
import type { GridFields } from '../workflows/grid/spec.ts';
import { type StylesFields, stylesWorkflow } from '../workflows/styles.ts';
import { type VariationsFields, variationsWorkflow } from '../workflows/variations.ts';
import type { PlannedRun } from './imagesRun.ts';
import type { WorkflowOptions } from './options.ts';
import { campaignBatch } from './planning/campaignBatch.ts';
import { chooseModel } from './planning/chooseModel.ts';
import { findModel } from './planning/findModel.ts';
import { jobContext } from './planning/jobContexts.ts';
import { specInput } from './planning/specInput.ts';
import { choicesOf, givenModel, startFront, withSpec } from './startFront.ts';
import { startGrid } from './startGrid.ts';

const campaignModel = 'black-forest-labs/flux-schnell';

/**
 * Makes the images of a campaign: every variation for every platform, in its shape and size. Writes
 * `campaign_report.json` before the run ends.
 *
 *     const run = campaign({ theme: 'a lemonade stand', platforms: ['instagram_post', 'twitter_post'],
 *       variations: ['at dawn', 'at noon'] }, { to: 'out/lemonade', budgetUsd: 1 });
 *     const { totals } = await run;                       // 4 images
 *
 * `spec` is the path of a YAML or JSON file, or an object with the fields of such a file; its
 * relative paths begin beside the file, or in the working directory. The run, its errors and its
 * behaviour when it is run again are those of `images`.
 */
export function campaign(spec: string | CampaignFields, options: WorkflowOptions): PlannedRun {
  return startFront(options, { adds: ['model'] }, async ({ provider }) => {
    const { allowFiles = [] } = options;
    const read = await readCampaignSpec(spec, { allowFiles });
    const settled = withSpec(options, read);
    const reference = chooseModel(read, givenModel(options), campaignModel);
    const model = await findModel(provider, reference);
    const own = { ...(await jobContext(choicesOf(settled), reference, model)), folder: specFolder(spec) };
    const batch = await prefixSpecName(spec, async () =>
      campaignBatch(read, { ...own, files: await campaignFiles(read, own) }),
    );
    return { ...batch, input: await specInput(spec), options: settled };
  });
}

/**
 * Makes an image of each combination of values: words of the prompt, model inputs, models. If you
 * add values and run it again, only the new combinations are made.
 *
 *     await grid({ prompt: 'a {glaze} teapot', axes: { glaze: ['red', 'blue'], seed: [1, 2] } },
 *       { to: 'out/teapots' });                           // 4 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function grid(spec: string | GridFields, options: WorkflowOptions): PlannedRun {
  return startGrid(gridWorkflow, spec, options);
}

/**
 * Makes variations of a reference picture, as close to it or as far from it as you like.
 *
 *     await variations({ reference: 'mug.webp', prompt: 'the mug on a table', strength: [0.4, 0.7],
 *       variations: ['at dawn', 'in snow'] }, { to: 'out/mugs' });   // 4 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function variations(spec: string | VariationsFields, options: WorkflowOptions): PlannedRun {
  return startGrid(variationsWorkflow, spec, options);
}

/**
 * Makes an image of each product in front of each background. Each picture is uploaded once.
 *
 *     await compose({ products: ['mug.webp', 'flask.webp'], backgrounds: ['lake.webp'] },
 *       { to: 'out/scenes' });                            // 2 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function compose(spec: string | CompositionFields, options: WorkflowOptions): PlannedRun {
  return startGrid(compositionsWorkflow, spec, options);
}

/**
 * Makes the same prompts in the styles of several reference pictures. Writes them side by side to
 * `comparison-grid.jpg`, and in pairs for blind votes to `ab.html`, before the run ends.
 *
 *     await styles({ prompts: ['a harbour'], styles: ['dunes.webp', 'lake.webp'] },
 *       { to: 'out/covers' });                            // 2 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function styles(spec: string | StylesFields, options: WorkflowOptions): PlannedRun {
  return startGrid(stylesWorkflow, spec, options);
}

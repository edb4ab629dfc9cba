import type { SimulatedModel } from '../models/SimulatedModel.ts';
import { exampleJson } from './exampleJson.ts';
import { versionJson } from './versionJson.ts';

/** A model as the API shows it. */
export function modelJson(model: SimulatedModel, apiUrl: string) {
  const [owner, name] = model.name.split('/');
  return {
    url: `https://replicate.com/${model.name}`,
    owner,
    name,
    description: model.description,
    visibility: 'public',
    is_official: model.isOfficial,
    github_url: null,
    paper_url: null,
    license_url: null,
    run_count: 1_000_000,
    cover_image_url: null,
    default_example: exampleJson(model, apiUrl),
    latest_version: versionJson(model),
  };
}

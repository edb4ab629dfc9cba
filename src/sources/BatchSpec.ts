import type { Quality } from '../qualities.ts';
import type { ModelInput, RenditionSpec } from '../types.ts';
import type { UseCase } from '../useCases.ts';

/** What a model has to meet, where a spec leaves the choice to the catalogue. */
export interface ModelWish {
  readonly maxCostUsd?: number | undefined;
  readonly minQuality?: Quality | undefined;
  readonly useCase?: UseCase | undefined;
}

/** What every spec may say about its run. Null where it leaves that to the caller. */
export interface BatchSpec {
  /** Names the run folder. */
  readonly name: string | null;
  /** `owner/name`, perhaps with `:version`, or what it has to meet. */
  readonly model: string | ModelWish | null;
  readonly input: ModelInput;
  /** Renditions of every picture. */
  readonly renditions: readonly RenditionSpec[];
  readonly organize: string | null;
  readonly count: number | null;
  readonly seed: 'auto' | 'none' | number | null;
  readonly budgetUsd: number | null;
  /** Of one output image. */
  readonly priceUsd: number | null;
}

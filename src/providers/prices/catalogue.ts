import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { type Quality, qualityLevels, type UseCase, useCases } from '../../types.ts';
import { estimateMicroUsd } from './cost.ts';

/** A model that is worth knowing, and what it is good for. */
export interface CatalogueModel {
  /** `owner/name`. */
  readonly model: string;
  readonly quality: Quality;
  readonly useCases: readonly UseCase[];
  /** Why it stands where it stands. */
  readonly reason: string;
}

/**
 * A few well-known image models. Quality follows the makers' own line-ups and what they say each model is for; nobody
 * has measured it here, so compare a few prompts of yours before a large run.
 */
export const modelCatalogue: readonly CatalogueModel[] = [
  {
    model: 'black-forest-labs/flux-schnell',
    quality: 'draft',
    useCases: ['draft'],
    reason: 'distilled to four steps; the fastest of its line',
  },
  {
    model: 'stability-ai/sdxl',
    quality: 'draft',
    useCases: ['draft', 'illustration'],
    reason: 'an open model of 2023; many styles, weak at text',
  },
  {
    model: 'black-forest-labs/flux-dev',
    quality: 'standard',
    useCases: ['photo', 'illustration'],
    reason: 'between schnell and pro in its line',
  },
  {
    model: 'black-forest-labs/flux-1.1-pro',
    quality: 'high',
    useCases: ['photo', 'illustration'],
    reason: 'the top of its line at this size',
  },
  {
    model: 'google/nano-banana',
    quality: 'high',
    useCases: ['photo', 'editing', 'multi-image'],
    reason: 'made for edits by words and for keeping a subject the same',
  },
  {
    model: 'qwen/qwen-image',
    quality: 'standard',
    useCases: ['illustration', 'text-in-image'],
    reason: 'its maker puts writing in pictures first',
  },
  {
    model: 'qwen/qwen-image-edit-plus',
    quality: 'standard',
    useCases: ['editing', 'multi-image'],
    reason: 'edits one or more pictures; makes none from words alone',
  },
  {
    model: 'google/imagen-4',
    quality: 'high',
    useCases: ['photo', 'illustration', 'text-in-image'],
    reason: 'the middle of its line, above fast; its maker names detail and lettering',
  },
  {
    model: 'bytedance/seedream-4',
    quality: 'high',
    useCases: ['photo', 'editing', 'multi-image'],
    reason: 'makes and edits in one model, up to 4K',
  },
  {
    model: 'ideogram-ai/ideogram-v3-turbo',
    quality: 'standard',
    useCases: ['illustration', 'text-in-image'],
    reason: 'the fastest of its line, which is known for lettering',
  },
];

/** What a model has to meet. What is left out does not matter. */
export interface SelectModelConfig {
  /** For one image with the model's default inputs. */
  maxCostUsd?: number;
  minQuality?: Quality;
  useCase?: UseCase;
}

export interface SelectedModel extends CatalogueModel {
  /** Of one image with the model's default inputs. */
  readonly costUsd: number;
}

/**
 * The cheapest model of the catalogue that meets all requirements; of equally cheap ones the better one, then the first.
 * A model without a known price is never selected.
 *
 * Throws `UsageError` where a requirement is none that can be met, or where no model meets them all; it names those that
 * are in the way, with what would do.
 */
export function selectModel(config: SelectModelConfig): SelectedModel {
  expectKnown('minQuality', config.minQuality, qualityLevels);
  expectKnown('useCase', config.useCase, useCases);
  const { maxCostUsd } = config;
  if (maxCostUsd !== undefined && !(maxCostUsd >= 0)) {
    throw new UsageError(`Expected \`maxCostUsd\` to be a number of 0 or more, got ${maxCostUsd}`);
  }
  const best = cheapest(config);
  if (best !== undefined) return best;
  throw new UsageError(`Expected a model ${wish(config)}, got none in the catalogue`, {
    suggestion: wayOut(config),
  });
}

function expectKnown(name: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new UsageError(`Expected \`${name}\` to be one of ${known.join(', ')}, got ${value}`);
}

function cheapest(config: SelectModelConfig): SelectedModel | undefined {
  return priced()
    .filter((candidate) => meets(candidate, config))
    .sort((a, b) => a.costUsd - b.costUsd || rank(b.quality) - rank(a.quality))[0];
}

function priced(): SelectedModel[] {
  return modelCatalogue.flatMap((entry) => {
    const microUsd = estimateMicroUsd(entry.model, {});
    return microUsd === null ? [] : [{ ...entry, costUsd: microUsd / 1_000_000 }];
  });
}

function meets(candidate: SelectedModel, { maxCostUsd, minQuality, useCase }: SelectModelConfig): boolean {
  if (maxCostUsd !== undefined && candidate.costUsd > maxCostUsd) return false;
  if (minQuality !== undefined && rank(candidate.quality) < rank(minQuality)) return false;
  return useCase === undefined || candidate.useCases.includes(useCase);
}

function rank(quality: Quality): number {
  return qualityLevels.indexOf(quality);
}

/** `for editing, of quality high or better, for at most $0.01 an image`. */
function wish({ maxCostUsd, minQuality, useCase }: SelectModelConfig): string {
  const words = [
    useCase === undefined ? '' : `for ${useCase}`,
    minQuality === undefined ? '' : `of quality ${minQuality} or better`,
    maxCostUsd === undefined ? '' : `for at most ${usd(maxCostUsd)} an image`,
  ];
  return words.filter((word) => word !== '').join(', ');
}

/** Which single requirement is in the way: without it, there is a model. */
function wayOut(config: SelectModelConfig): string {
  const { maxCostUsd: _cost, ...anyCost } = config;
  const { minQuality: _quality, ...anyQuality } = config;
  const { useCase: _useCase, ...anyUseCase } = config;
  const [dearer, lesser, other] = [cheapest(anyCost), cheapest(anyQuality), cheapest(anyUseCase)];
  const ways = [
    dearer === undefined ? '' : `\`maxCostUsd\` of ${dearer.costUsd} allows ${dearer.model}`,
    lesser === undefined ? '' : `\`minQuality\` ${lesser.quality} allows ${lesser.model}`,
    other === undefined ? '' : `without \`useCase\` there is ${other.model}`,
  ].filter((way) => way !== '');
  return ways.length === 0 ? 'More than one requirement is in the way.' : `${ways.join('; ')}.`;
}

function usd(amount: number): string {
  return formatUsd(toMicroUsd(amount));
}

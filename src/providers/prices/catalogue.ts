import { EXPECTED_MODEL, MODEL_REFERENCE } from '../../base/modelName.ts';
import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { type Quality, qualityLevels, type UseCase, useCases } from '../../types.ts';
import { estimateMicroUsd } from './cost.ts';

/** A model and its use cases. */
export interface CatalogueModel {
  /** `owner/name`. */
  readonly model: string;
  readonly quality: Quality;
  readonly useCases: readonly UseCase[];
  /** The reason for its quality and use cases. Default: none. */
  readonly reason?: string;
  /**
   * The price of one image. Default: that of the price table, for the model's default inputs.
   */
  readonly costUsd?: number;
}

/**
 * A few well-known image models; those for `general` use make images of all kinds from words
 * alone. Quality follows the makers' own line-ups and descriptions; it is not measured, so compare
 * a few of your prompts before a large run.
 */
export const modelCatalogue: readonly CatalogueModel[] = [
  {
    model: 'black-forest-labs/flux-schnell',
    quality: 'draft',
    useCases: ['general', 'draft'],
    reason: 'distilled to four steps; the fastest of its line',
  },
  {
    model: 'stability-ai/sdxl',
    quality: 'draft',
    useCases: ['general', 'draft', 'illustration'],
    reason: 'an open model of 2023; many styles, weak at text',
  },
  {
    model: 'black-forest-labs/flux-dev',
    quality: 'standard',
    useCases: ['general', 'photo', 'illustration'],
    reason: 'between schnell and pro in its line',
  },
  {
    model: 'black-forest-labs/flux-1.1-pro',
    quality: 'high',
    useCases: ['general', 'photo', 'illustration'],
    reason: 'the top of its line at this size',
  },
  {
    model: 'google/nano-banana',
    quality: 'high',
    useCases: ['general', 'photo', 'editing', 'multi-image'],
    reason: 'made for edits by words and for keeping a subject the same',
  },
  {
    model: 'qwen/qwen-image',
    quality: 'standard',
    useCases: ['general', 'illustration', 'text-in-image'],
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
    useCases: ['general', 'photo', 'illustration', 'text-in-image'],
    reason: 'the middle of its line, above fast; its maker names detail and lettering',
  },
  {
    model: 'bytedance/seedream-4',
    quality: 'high',
    useCases: ['general', 'photo', 'editing', 'multi-image'],
    reason: 'makes and edits in one model, up to 4K',
  },
  {
    model: 'ideogram-ai/ideogram-v3-turbo',
    quality: 'standard',
    useCases: ['general', 'illustration', 'text-in-image'],
    reason: 'the fastest of its line, which is known for lettering',
  },
];

/** The requirements of a model. Those left out do not matter. */
export interface SelectModelConfig {
  /** Highest price of one image with the model's default inputs. Default: any. */
  maxCostUsd?: number;
  /** Lowest quality. Default: any. */
  minQuality?: Quality;
  /** Use case that the model must have. Default: any. */
  useCase?: UseCase;
  /** The models to choose from. Default: `modelCatalogue`. */
  catalogue?: readonly CatalogueModel[];
}

export interface SelectedModel extends CatalogueModel {
  /** The price of one image with the model's default inputs. */
  readonly costUsd: number;
}

/**
 * Returns the cheapest model of the catalogue that meets all requirements; at equal prices the
 * better one, then the first. Never selects a model without a known price. Extend the catalogue by
 * models of your own, or give another one:
 *
 *     selectModel({ useCase: 'photo', catalogue: [...modelCatalogue,
 *       { model: 'acme/photo', quality: 'high', useCases: ['photo'], costUsd: 0.01 }] })
 *
 * Throws `UsageError` if a requirement is malformed, or if no model meets them all. Its suggestion
 * names each requirement that you can relax alone, and the model that this allows.
 */
export function selectModel(config: SelectModelConfig): SelectedModel {
  expectKnown('minQuality', config.minQuality, qualityLevels);
  expectKnown('useCase', config.useCase, useCases);
  const { maxCostUsd } = config;
  if (maxCostUsd !== undefined && !(maxCostUsd >= 0)) {
    throw new UsageError(`Expected \`maxCostUsd\` to be a number of 0 or more, got ${maxCostUsd}`);
  }
  for (const entry of config.catalogue ?? []) expectEntry(entry);
  const best = cheapest(config);
  if (best !== undefined) return best;
  throw new UsageError(`The catalogue has no model ${describeRequirements(config)}`, {
    suggestion: relaxations(config),
  });
}

function expectKnown(name: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new UsageError(`Expected \`${name}\` to be one of ${known.join(', ')}, got ${value}`);
}

/** Throws `UsageError` for an entry that could never be selected, or by mistake. */
function expectEntry({ model, quality, useCases: uses, costUsd }: CatalogueModel): void {
  if (!MODEL_REFERENCE.test(model)) {
    throw new UsageError(
      `Expected \`model\` in the catalogue to be ${EXPECTED_MODEL}, got ${JSON.stringify(model)}`,
    );
  }
  expectKnown(`quality of ${model}`, quality, qualityLevels);
  for (const useCase of uses) expectKnown(`useCases of ${model}`, useCase, useCases);
  if (costUsd !== undefined && !(costUsd >= 0)) {
    throw new UsageError(`Expected \`costUsd of ${model}\` to be a number of 0 or more, got ${costUsd}`);
  }
}

function cheapest(config: SelectModelConfig): SelectedModel | undefined {
  return priced(config)
    .filter((candidate) => meets(candidate, config))
    .sort((a, b) => a.costUsd - b.costUsd || rank(b.quality) - rank(a.quality))[0];
}

function priced({ catalogue = modelCatalogue }: SelectModelConfig): SelectedModel[] {
  return catalogue.flatMap((entry) => {
    const own = entry.costUsd === undefined ? null : toMicroUsd(entry.costUsd);
    const microUsd = own ?? estimateMicroUsd(entry.model, {});
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

/** Describes requirements: `for editing, of quality high or better, for at most $0.01 an image`. */
function describeRequirements({ maxCostUsd, minQuality, useCase }: SelectModelConfig): string {
  const words = [
    useCase === undefined ? '' : `for ${useCase}`,
    minQuality === undefined ? '' : `of quality ${minQuality} or better`,
    maxCostUsd === undefined ? '' : `for at most ${usd(maxCostUsd)} an image`,
  ];
  return words.filter((word) => word !== '').join(', ');
}

/** Names each single requirement without which a model is found, with that model. */
function relaxations(config: SelectModelConfig): string {
  const { maxCostUsd: _cost, ...anyCost } = config;
  const { minQuality: _quality, ...anyQuality } = config;
  const { useCase: _useCase, ...anyUseCase } = config;
  const [dearer, lesser, other] = [cheapest(anyCost), cheapest(anyQuality), cheapest(anyUseCase)];
  const ways = [
    dearer === undefined ? '' : `\`maxCostUsd\` of ${dearer.costUsd} allows ${dearer.model}`,
    lesser === undefined ? '' : `\`minQuality\` ${lesser.quality} allows ${lesser.model}`,
    other === undefined ? '' : `without \`useCase\` there is ${other.model}`,
  ].filter((way) => way !== '');
  return ways.length === 0 ? 'Relax more than one requirement.' : `${ways.join('; ')}.`;
}

function usd(amount: number): string {
  return formatUsd(toMicroUsd(amount));
}

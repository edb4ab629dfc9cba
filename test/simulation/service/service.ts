import type { Chance } from '../world/chance.ts';
import { EPOCH_MS } from '../world/clocks.ts';
import type { Timeline } from '../world/timeline.ts';
import { PRICE_MICRO_USD, type WorldConfig } from '../world/worldConfig.ts';
import { type Answer, type Bucket, createBucket } from './bucket.ts';
import { urlsOf } from './outputs.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A prediction as it really is. Times are true ones, ms since the world began. */
export interface Made {
  readonly id: string;
  readonly model: string;
  readonly input: Fields;
  readonly bornMs: number;
  readonly listedMs: number;
  readonly outputs: number;
  readonly webhook: string | null;
  readonly lifeMs: number | null;
  /** The process that sent its create request; null for one of another program. */
  readonly process: number | null;
  endMs: number;
  end: 'succeeded' | 'failed' | 'canceled' | 'aborted';
  error: string | null;
}

/** A request as it arrives. */
export interface Arrival {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Fields;
  readonly process: number;
}

/** Time for which the service has inputs and outputs, from the end of a prediction. */
export const KEPT_MS = 3_600_000;

/** The service: its predictions, its bill, and its responses. Its network is a separate module. */
export class Service {
  readonly made: Made[] = [];
  /** True times of create requests that were not refused as too fast. */
  readonly accepted: number[] = [];
  onEnd: (made: Made) => void = () => {};
  private readonly byId = new Map<string, Made>();
  private readonly bucket: Bucket;
  private readonly config: WorldConfig;
  private readonly chance: Chance;
  private readonly timeline: Timeline;

  constructor(config: WorldConfig, chance: Chance, timeline: Timeline) {
    this.config = config;
    this.chance = chance;
    this.timeline = timeline;
    this.bucket = createBucket(config, chance, timeline);
    for (let count = 0; count < config.strangers; count += 1) this.planStranger();
  }

  /** The clock in front of the service, which writes the dates of responses, against the service's. */
  get gatewayAheadMs(): number {
    return this.config.gatewayAheadMs;
  }

  find(id: string): Made | undefined {
    return this.byId.get(id);
  }

  /** Millionths of a dollar that the account was billed for these predictions. */
  billedMicroUsd(of: (made: Made) => boolean = ({ process }) => process !== null): number {
    return this.made.filter(of).reduce((sum, one) => sum + costOf(one), 0);
  }

  handle(arrival: Arrival): Answer {
    const { method, url } = arrival;
    const path = url.pathname.replace(/^\/v1/, '');
    if (this.chance.strikes('service.error', this.config.faults.serverError))
      return problem(500, 'Internal server error', 'Something went wrong');
    if (method === 'POST' && path.endsWith('/cancel')) return this.cancel(path.split('/')[2] ?? '');
    if (method === 'POST') return this.create(arrival, path);
    if (path === '/predictions') return this.list(url);
    if (path.startsWith('/predictions/')) return this.get(path.split('/')[2] ?? '');
    if (path === '/account') return { status: 200, body: { type: 'organization', username: 'sim' } };
    return problem(404, 'Not found', 'No such page');
  }

  private create({ headers, body, process }: Arrival, path: string): Answer {
    const { noCredit } = this.config;
    const { nowMs } = this.timeline;
    if (noCredit !== null && nowMs >= noCredit[0] && nowMs < noCredit[1])
      return problem(402, 'Insufficient credit', 'You have insufficient credit to run this model.');
    const refusal = this.bucket.refusal();
    if (refusal !== null) return refusal;
    this.accepted.push(nowMs);
    const [, , owner = '', name = ''] = path.split('/');
    const made = this.make(`${owner}/${name}`, { headers, body, process });
    const waitS = /wait(?:=(\d+))?/.exec(headers.get('prefer') ?? '');
    const waitMs = waitS === null ? 0 : Number(waitS[1] ?? 60) * 1_000;
    const limits = this.bucket.limits();
    if (this.chance.strikes('service.errorAfter', this.config.faults.serverError / 2))
      return problem(500, 'Internal server error', 'Something went wrong');
    const isDone = made.endMs <= nowMs + waitMs;
    return {
      status: isDone || waitMs === 0 ? 201 : 202,
      body: null,
      late: () => this.shown(made),
      atMs: Math.min(nowMs + waitMs, made.endMs),
      headers: limits,
    };
  }

  private make(model: string, sent: Pick<Arrival, 'headers' | 'body'> & { process: number | null }): Made {
    const { faults, outputs, listLagMs, evenLag } = this.config;
    const { chance, timeline } = this;
    const bornMs = timeline.nowMs;
    const life = /^(\d+)s$/.exec(sent.headers.get('cancel-after') ?? '');
    const lifeMs = life === null ? null : Number(life[1]) * 1_000;
    const isOwn = sent.process !== null;
    const isStuck = isOwn && chance.strikes('prediction.stuck', faults.stuck);
    const workMs = isStuck ? 40_000_000 : chance.between('prediction.work', 30, 4_000);
    const fault = isOwn ? this.fault() : null;
    const isCutOff = lifeMs !== null && workMs > lifeMs;
    const made: Made = {
      id: `p${String(this.made.length + 1).padStart(4, '0')}`,
      model,
      input: (sent.body.input ?? {}) as Fields,
      bornMs,
      listedMs: bornMs + (evenLag ? listLagMs : chance.between('list.lag', 0, listLagMs)),
      outputs,
      webhook: (sent.body.webhook as string | undefined) ?? null,
      lifeMs,
      process: sent.process,
      endMs: bornMs + (isCutOff ? lifeMs : workMs),
      end: isCutOff ? 'aborted' : fault === null ? 'succeeded' : 'failed',
      error: isCutOff ? null : fault,
    };
    this.made.push(made);
    this.byId.set(made.id, made);
    timeline.at(made.endMs, null, () => {
      if (made.end !== 'canceled') this.onEnd(made);
    });
    return made;
  }

  private fault(): string | null {
    const { platformFault, safety } = this.config.faults;
    if (this.chance.strikes('prediction.platform', platformFault))
      return 'Prediction interrupted; please retry (code: PA)';
    return this.chance.strikes('prediction.safety', safety) ? 'NSFW content detected' : null;
  }

  private planStranger(): void {
    this.timeline.at(this.chance.between('stranger.at', 0, 60_000), null, () => {
      const body = { input: { prompt: `a stranger's ${this.made.length}` } };
      this.make('a/m', { headers: new Headers(), body, process: null });
    });
  }

  private cancel(id: string): Answer {
    const made = this.byId.get(id);
    if (made === undefined)
      return problem(404, 'Prediction not found', 'The requested resource was not found.');
    if (made.endMs > this.timeline.nowMs) {
      made.endMs = this.timeline.nowMs;
      made.end = 'canceled';
      made.error = null;
      this.onEnd(made);
    }
    return { status: 200, body: this.shown(made) };
  }

  private get(id: string): Answer {
    const made = this.byId.get(id);
    const isThere = made !== undefined && this.timeline.nowMs >= Math.min(made.listedMs, made.bornMs + 3_000);
    if (!isThere) return problem(404, 'Prediction not found', 'The requested resource was not found.');
    return { status: 200, body: this.shown(made) };
  }

  private list(url: URL): Answer {
    const { nowMs } = this.timeline;
    const { pageSize, listShowsInput } = this.config;
    const after = Date.parse(url.searchParams.get('created_after') ?? '') || 0;
    const cursor = Number(url.searchParams.get('cursor') ?? '0');
    const before = Number(url.searchParams.get('before') ?? this.made.length);
    const listed = this.made
      .slice(0, before)
      .filter((one) => one.listedMs <= nowMs && this.serviceMs(one.bornMs) >= after)
      .reverse();
    const results = listed.slice(cursor, cursor + pageSize).map((one) => {
      const { input, ...rest } = this.shown(one);
      return listShowsInput ? { input, ...rest } : rest;
    });
    const hasMore = listed.length > cursor + pageSize;
    const next = new URL(url);
    next.searchParams.set('cursor', String(cursor + pageSize));
    next.searchParams.set('before', String(before));
    return { status: 200, body: { previous: null, next: hasMore ? next.href : null, results } };
  }

  /** A prediction as the service shows it now. */
  shown(made: Made): Fields & { readonly input: unknown } {
    const { nowMs } = this.timeline;
    const { echoesDefaults, showsDeadline, outputKind } = this.config;
    const isOver = nowMs >= made.endMs;
    const isRemoved = isOver && nowMs >= made.endMs + KEPT_MS;
    const hasOutput = isOver && made.end === 'succeeded';
    const extra = echoesDefaults ? { go_fast: true, output_quality: 80 } : {};
    const deadlineMs = made.lifeMs === null ? null : made.bornMs + made.lifeMs;
    return {
      id: made.id,
      model: made.model,
      version: 'hidden',
      status: isOver ? made.end : nowMs >= made.bornMs + 20 ? 'processing' : 'starting',
      input: isRemoved ? {} : { ...made.input, ...extra },
      output: hasOutput && !isRemoved ? urlsOf(made, outputKind) : null,
      error: isOver ? made.error : null,
      metrics: isOver ? { predict_time: (made.endMs - made.bornMs) / 1_000, ...images(made) } : {},
      data_removed: isRemoved,
      created_at: this.dateOf(made.bornMs),
      started_at: this.dateOf(made.bornMs + 20),
      completed_at: isOver ? this.dateOf(made.endMs) : null,
      urls: { get: `https://api.replicate.com/v1/predictions/${made.id}` },
      ...(showsDeadline && deadlineMs !== null ? { deadline: this.dateOf(deadlineMs) } : {}),
      ...(made.webhook === null ? {} : { webhook: made.webhook }),
    };
  }

  serviceMs(atMs: number): number {
    return EPOCH_MS + atMs + this.config.serviceAheadMs;
  }

  private dateOf(atMs: number): string {
    return new Date(this.serviceMs(atMs)).toISOString();
  }
}

/** Returns the price of a prediction as billed, in millionths of a dollar. */
export function costOf({ end, outputs }: Made): number {
  return end === 'succeeded' ? outputs * PRICE_MICRO_USD : 0;
}

function images({ end, outputs }: Made) {
  return end === 'succeeded' ? { image_count: outputs } : {};
}

function problem(status: number, title: string, detail: string): Answer {
  return { status, body: { title, detail, status } };
}

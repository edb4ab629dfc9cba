import { pullMap } from '../../operators/pullMap.ts';
import type { Strategy } from '../../types.ts';
import type { Feed } from './Feed.ts';
import { parallelFeed } from './parallelFeed.ts';
import { queueFeed } from './queueFeed.ts';
import { wavesFeed } from './wavesFeed.ts';

/** One job from start to end, then the next. */
const sequentialFeed: Feed = (plans, journey, { stop }) =>
  pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: 1, stop });

/** More journeys than slots, so that a slot has its next job while others are downloaded and encoded. */
const streamFeed: Feed = (plans, journey, { journeys, stop }) =>
  pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: journeys, stop });

/** How each strategy sends plans on their way. The way itself is the same. */
export const feeds: Readonly<Record<Strategy, Feed>> = {
  sequential: sequentialFeed,
  parallel: parallelFeed,
  waves: wavesFeed,
  queue: queueFeed,
  stream: streamFeed,
};

import { expect, it } from 'vitest';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { createCaptions } from '../../../src/sources/planning/jobTemplate.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { collect } from '../../helpers/collect.ts';
import { jobOf } from '../../helpers/jobOf.ts';

const captioned = (text: string) => parseRendition(`post=64x64,caption="${text}"`);
const config = { date: '2026-11-23', knownNames: ['platform', 'seed'] };

it('fills captions with the words of each job, also with such as look like placeholders', async () => {
  const renditions = [parseRendition('plain=64x64'), captioned('{index:03} {prompt} for {platform}{seed}')];
  const jobs = [
    jobOf({ index: 6, prompt: 'a {platform} cat', tags: { platform: 'twitter' }, renditions }),
    jobOf({ index: 7, renditions }),
  ];
  const plans = await collect(planJobs(jobs, { ...config, organize: 'flat', priceOf: () => null }));
  expect(plans.map((plan) => plan.renditions.map(({ caption }) => caption?.text))).toEqual([
    [undefined, '007 a {platform} cat for twitter'],
    [undefined, '008 a cat for '],
  ]);
  expect(plans[0]?.renditions[0]).toBe(renditions[0]);
});

it('leaves the list of a job without captions alone', () => {
  const renditions = [parseRendition('plain=64x64')];
  expect(createCaptions(config)(jobOf({ renditions }))).toBe(renditions);
});

it('names a placeholder that no job has', () => {
  const fill = () => createCaptions(config)(jobOf({ renditions: [captioned('for {platfrom}')] }));
  expect(fill).toThrow('Expected a placeholder that a job has, got {platfrom} in for {platfrom}');
  expect(fill).toThrow(expect.objectContaining({ suggestion: 'Did you mean {platform}?' }));
});

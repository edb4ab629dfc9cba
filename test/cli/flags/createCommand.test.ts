import { describe, expect, it } from 'vitest';
import { createCommand } from '../../../src/cli/flags/command.ts';
import type { FlagName, Flags } from '../../../src/cli/flags/flags.ts';
import { UsageError } from '../../../src/errors.ts';

const config = {
  name: 'generate',
  summary: 'Makes an image of every prompt.',
  version: '1.2.3',
  inputs: [{ name: 'INPUT', help: 'prompt file' }],
  examples: ['prompts.txt --simulate'],
};
const command = createCommand(config);

function flagsOf(...argv: string[]): Flags {
  const parsed = command.parse(['prompts.txt', ...argv]);
  if (parsed.kind !== 'run') throw new Error('Expected a run, got a text');
  return parsed.flags;
}

function errorOf(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('Expected a UsageError, got none');
}

describe('values', () => {
  it('leaves absent flags open', () => {
    expect(flagsOf()).toStrictEqual({
      out: null,
      models: [],
      modelInput: [],
      allowFiles: [],
      count: null,
      seed: null,
      concurrency: null,
      strategy: null,
      waveSize: null,
      wavePauseMs: null,
      follow: null,
      webhookUrl: null,
      webhookPort: null,
      provider: null,
      ratePerMinute: null,
      maxOutputBytes: null,
      maxWaitMs: null,
      budgetMicroUsd: null,
      budgetPerDayMicroUsd: null,
      budgetPerMonthMicroUsd: null,
      prices: [],
      maxAttempts: null,
      timeoutMs: null,
      onTimeout: null,
      lookForMs: null,
      renditions: [],
      organize: null,
      limit: null,
      dryRun: false,
      simulateSpeed: null,
      chaos: null,
      baseUrl: null,
      open: false,
      json: false,
      quiet: false,
      refreshModels: false,
      failFast: false,
      resumeAnyway: false,
      watchPort: null,
      folderSize: null,
      sidecars: true,
      provenance: 'full',
      c2paCert: null,
      c2paKey: null,
      keepOriginals: false,
      gallery: true,
      destinations: [],
      shardSize: null,
      deleteLocal: false,
      tables: [],
      repay: false,
      fallbacks: [],
      breakerFailures: null,
      only: null,
      picks: null,
      prompts: [],
      readsConfig: true,
      onImage: null,
      onEnd: null,
      notifyUrl: null,
      cache: null,
      cacheUnseeded: false,
      recoveryRounds: null,
      cancelOnExit: false,
      detach: false,
      queue: null,
      shared: null,
    });
  });

  const version = 'a'.repeat(64);
  it.each([
    ['--out=out/x', { out: 'out/x' }],
    [`--model o/n:${version}`, { models: [{ model: 'o/n', version }] }],
    ['--model o/flux-1.1-pro', { models: [{ model: 'o/flux-1.1-pro', version: null }] }],
    [
      '--input a=b=c --input n=3',
      {
        modelInput: [
          ['a', 'b=c'],
          ['n', '3'],
        ],
      },
    ],
    ['--input empty=', { modelInput: [['empty', '']] }],
    ['--seed auto', { seed: 'auto' }],
    ['--seed 42', { seed: 42 }],
    ['--budget 2.5', { budgetMicroUsd: 2_500_000 }],
    // As a float, 0.0000290 * 1e6 would be 28.999….
    ['--budget $0.000029', { budgetMicroUsd: 29 }],
    ['--price 0', { prices: [{ model: null, microUsd: 0 }] }],
    [
      '--price 0.01 --price o/n=$0.025',
      {
        prices: [
          { model: null, microUsd: 10_000 },
          { model: 'o/n', microUsd: 25_000 },
        ],
      },
    ],
    ['--timeout 1.5', { timeoutMs: 1_500 }],
    ['--max-wait 90', { maxWaitMs: 90_000 }],
    ['--max-wait 1.5s', { maxWaitMs: 1_500 }],
    ['--max-wait 5m', { maxWaitMs: 300_000 }],
    ['--max-wait 24h', { maxWaitMs: 86_400_000 }],
    ['--rate 60 --concurrency 4 --max-attempts 2', { ratePerMinute: 60, concurrency: 4, maxAttempts: 2 }],
    [
      '--rendition thumb=320x240 --rendition instagram_post',
      { renditions: ['thumb=320x240', 'instagram_post'] },
    ],
    ['--base-url http://127.0.0.1:8787/v1/', { baseUrl: 'http://127.0.0.1:8787/v1' }],
    ['--simulate --chaos storm', { simulateSpeed: 1, chaos: 'storm' }],
    ['--strategy stream --follow wait', { strategy: 'stream', follow: 'wait' }],
    [
      '--strategy waves --wave-size 20 --wave-pause 0.5',
      { strategy: 'waves', waveSize: 20, wavePauseMs: 500 },
    ],
    ['--strategy waves --wave-pause 0', { wavePauseMs: 0 }],
    [
      '--json --quiet --fail-fast --resume-anyway',
      { json: true, quiet: true, failFast: true, resumeAnyway: true },
    ],
    [
      '--fallback a/b --fallback c/d --recovery-rounds 2 --cancel-on-exit',
      {
        fallbacks: [
          { model: 'a/b', version: null },
          { model: 'c/d', version: null },
        ],
        recoveryRounds: 2,
        cancelOnExit: true,
      },
    ],
    ['--cache kept --cache-unseeded', { cache: 'kept', cacheUnseeded: true }],
    ['--cache kept --no-cache', { cache: null }],
    ['--watch', { watchPort: 0 }],
    ['--concurrency auto', { concurrency: 'auto' }],
    ['--on-timeout leave', { onTimeout: 'leave' }],
    ['--fallback new-seed --breaker 0', { fallbacks: ['new-seed'], breakerFailures: 0 }],
    ['--watch=8080', { watchPort: 8080 }],
    [
      '--to s3://bucket/a --to webdataset --shard-size 50 --delete-local --table csv --table parquet',
      {
        destinations: ['s3://bucket/a', 'webdataset'],
        shardSize: 50,
        deleteLocal: true,
        tables: ['csv', 'parquet'],
      },
    ],
    // Later ones win, so that you can override the flags of an npm script.
    ['--count 2 --count 3', { count: 3 }],
  ])('reads %s', (line, expected) => {
    expect(flagsOf(...line.split(' '))).toMatchObject(expected);
  });
});

describe('--simulate', () => {
  it('does not take the input for its value', () => {
    expect(command.parse(['--simulate', 'prompts.txt'])).toMatchObject({
      inputs: ['prompts.txt'],
      flags: { simulateSpeed: 1 },
    });
  });

  it('takes a speed after =', () => {
    expect(flagsOf('--simulate=20')).toMatchObject({ simulateSpeed: 20 });
    expect(flagsOf('--simulate=0.5')).toMatchObject({ simulateSpeed: 0.5 });
  });

  it('is an input after --', () => {
    expect(command.parse(['--', '--simulate'])).toMatchObject({
      inputs: ['--simulate'],
      flags: { simulateSpeed: null },
    });
  });
});

describe('refusals', () => {
  it.each([
    ['--count 0', "Expected `--count` to be a whole number from 1 to 1000000, got '0'"],
    ['--count 1.5', "got '1.5'"],
    ['--concurrency 0x10', "got '0x10'"],
    ['--count=', "got ''"],
    ['--seed -1', 'to be auto, none or a whole number from 0 to 4294967295'],
    ['--budget 0', 'dollars above 0'],
    ['--budget 1e3', "got '1e3'"],
    ['--budget 0.0000001', 'at most 6 decimals'],
    ['--price free', "got 'free'"],
    ['--timeout 0', 'a number of seconds above 0'],
    ['--max-wait 0', 'a time above 0 such as 90, 90s, 10m or 2h'],
    ['--max-wait 25h', 'at most 24h'],
    ['--max-wait 5d', 'a time above 0'],
    ['--simulate=fast', "Expected `--simulate` to be a number above 0, at most 1000000, got 'fast'"],
    [
      '--model flux',
      "to be OWNER/NAME, OWNER/NAME:VERSION (64 hex digits) or deployments/OWNER/NAME, got 'flux'",
    ],
    ['--model o/n:latest', "got 'o/n:latest'"],
    ['--input steps', "Expected `--input` to be KEY=VALUE, got 'steps'"],
    ['--base-url ftp://host', "got 'ftp://host'"],
    ['--base-url http://user:secret@host', 'without password'],
    ['--strategy fast', "to be one of sequential, parallel, waves, queue, stream, got 'fast'"],
    ['--wave-size 0', 'a whole number from 1 to'],
    ['--wave-pause soon', "got 'soon'"],
    ['--follow email', "to be one of wait, poll, webhook, got 'email'"],
    ['--out', 'Expected `--out` to be followed by DIR, got nothing'],
    ['--out --json', 'Expected `--out` to be followed by DIR, got the flag `--json`'],
    ['--out --simulate', 'got the flag `--simulate`'],
    ['--model a/b --model c/d', 'Expected one `--model`, got 2: a/b, c/d'],
    ['--model fast=a/b', 'Expected `--model` to be OWNER/NAME, got fast=a/b'],
    ['second.txt', "Expected INPUT, got 2 inputs: 'prompts.txt', 'second.txt'"],
  ])('refuses %s', (line, message) => {
    const error = errorOf(() => flagsOf(...line.split(' ')));
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  it('refuses an unknown flag and suggests the nearest one', () => {
    const error = errorOf(() => flagsOf('--modle', 'o/n'));
    expect(error.message).toBe('Expected a known flag, got `--modle`');
    expect(error.suggestion).toBe('Did you mean --model?');
    expect(errorOf(() => flagsOf('--xyzzy')).suggestion).toBe('See --help for the flags.');
  });

  it('describes how to name a database, without its password', () => {
    const error = errorOf(() => flagsOf('--queue', 'postgres://rx:hidden@host/rx'));
    expect(error.message).toContain("'postgres://…'");
    expect(error.suggestion).toContain('--queue=postgres://…');
  });

  it('refuses a missing input', () => {
    expect(errorOf(() => command.parse([])).message).toBe('Expected INPUT (prompt file), got nothing');
    expect(errorOf(() => command.parse([''])).message).toContain('got nothing');
  });

  it('refuses a flag that this script does not serve', () => {
    const narrow = createCommand({ ...config, flags: ['out', 'json'] });
    expect(narrow.parse(['x', '--out', 'y'])).toMatchObject({ flags: { out: 'y' } });
    const error = errorOf(() => narrow.parse(['x', '--count', '2']));
    expect(error.message).toBe('generate has no flag `--count`.');
  });

  it('removes terminal escape sequences from a quoted value', () => {
    expect(errorOf(() => flagsOf('--count', '\x1b[2Jone\n')).message).toMatch(/got 'one'$/);
  });
});

it('takes several models if the script compares them', () => {
  const comparing = createCommand({ ...config, comparesModels: true });
  expect(comparing.parse(['x', '--model', 'a/b', '--model', 'c/d'])).toMatchObject({
    flags: { models: [{ model: 'a/b' }, { model: 'c/d' }] },
  });
});

it('takes - and an optional input', () => {
  const optional = createCommand({ ...config, inputs: [{ ...config.inputs[0]!, isRequired: false }] });
  expect(optional.parse([])).toMatchObject({ inputs: [] });
  expect(optional.parse(['-'])).toMatchObject({ inputs: ['-'] });
});

describe('help', () => {
  it('shows served flags in groups with their defaults, examples, environment and exit codes', () => {
    const parsed = command.parse(['--help']);
    const text = parsed.kind === 'text' ? parsed.text : '';
    expect(text).toContain('Usage: npx tsx pipelines/generate.ts INPUT [flags]');
    expect(text).toMatch(
      /Pace and money:\n {2}--concurrency N\|auto +predictions in flight; [^(]*\(default:\s+10\)/,
    );
    expect(text).toContain('--simulate[=SPEED]');
    expect(text).toMatch(/--timeout SECONDS .*\n?.*\(default:\s+600\)/);
    expect(text).toMatch(/--max-wait TIME (.*\n?)*?.*\(default:\s+10m\)/);
    expect(text).toContain('  npx tsx pipelines/generate.ts prompts.txt --simulate');
    expect(text).toMatch(/REPLICATE_API_TOKEN +the token/);
    expect(text).toMatch(/130 +interrupted/);
    expect(text).toMatch(/--fallback OWNER.NAME +next model/);
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(80);
  });

  it('shows only the flags that the script serves', () => {
    const parsed = createCommand({ ...config, flags: ['out'] }).parse(['-h']);
    const text = parsed.kind === 'text' ? parsed.text : '';
    expect(text).toContain('--out DIR');
    expect(text).not.toContain('--count');
  });

  it('explains the simulator only if the script serves it', () => {
    const helpOf = (flags: readonly FlagName[]) => {
      const parsed = createCommand({ ...config, flags, examples: [] }).parse(['--help']);
      return parsed.kind === 'text' ? parsed.text : '';
    };
    const text = helpOf(['out']);
    expect(text).toMatch(/REPLICATE_API_TOKEN +the token; required\n/);
    expect(text).not.toMatch(/simulate|Chaos profiles/);
    expect(helpOf(['simulate', 'chaos'])).toMatch(/Chaos profiles:[\s\S]* unless you give --simulate\n/);
  });

  it('prints the version', () => {
    expect(command.parse(['--version'])).toEqual({ kind: 'text', text: '1.2.3\n' });
  });
});

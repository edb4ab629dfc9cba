import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPTY, firstValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { flagValues } from '../../../src/cli/flags/flagValues.ts';
import { createHooks, type HooksConfig } from '../../../src/cli/hooks/hooks.ts';
import { notify } from '../../../src/cli/hooks/notify.ts';
import { runCommand } from '../../../src/cli/hooks/runCommand.ts';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import { localServer } from '../../helpers/localServer.ts';
import { outcome } from '../../helpers/outcomes.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const TOKEN = 'r8_aTokenOfTheAccount';
const env = { PATH: process.env.PATH, REPLICATE_API_TOKEN: TOKEN, MINE: 'mine', COPY: `Bearer ${TOKEN}` };

function hooksOf(flags: Partial<HooksConfig['flags']>) {
  const warnings: string[] = [];
  const hooks = createHooks({
    ...{ folder: folder(), service: 'replicate', env, token: TOKEN },
    flags: { onImage: null, onEnd: null, notifyUrl: null, ...flags },
    warn: (message) => warnings.push(message),
  });
  return { hooks, warnings };
}

const file = { role: 'original', name: 'original', path: 'a fox.png', width: 1, height: 1 } as const;
const prompt = `a fox"; touch owned; $(touch owned) \`touch owned\` '`;
const saved = outcome(11, {
  prompt,
  costUsd: 0.003,
  files: [{ ...file, format: 'png', bytes: 1, sha256: '' }],
});
const totals = {
  ...{ total: 3, saved: 1, failed: 1, skipped: 0, alreadySaved: 1 },
  costUsd: 0.003,
  costIncomplete: false,
};
const end = { totals, elapsedMs: 1_500, fault: null } as unknown as FinishedRun;

describe('--on-image', () => {
  it('passes a command the facts of an image, and interprets none of them', async () => {
    const said = join(folder(), 'said');
    const facts = '"$RXPOSURE_EVENT|$RXPOSURE_FILE|$RXPOSURE_JOB|$RXPOSURE_PROMPT|$RXPOSURE_COST_USD|$MINE"';
    const { hooks, warnings } = hooksOf({
      onImage: `cd '${folder()}' && printf '%s\\n' ${facts} > said && cat >> said`,
    });
    expect(await firstValueFrom((hooks.onImage?.(saved) ?? EMPTY).pipe(toArray()))).toEqual([]);
    const [line, json = ''] = (await readFile(said, 'utf8')).split('\n');
    expect(line).toBe(`image|${join(folder(), 'a fox.png')}|12|${prompt}|0.003|mine`);
    expect(JSON.parse(json)).toMatchObject({
      event: 'image',
      simulated: false,
      outcome: { index: 11, prompt },
    });
    expect(existsSync(join(folder(), 'owned'))).toBe(false);
    expect(warnings).toEqual([]);
  });

  it('warns of failures, the first ones each, and completes nevertheless', async () => {
    const { hooks, warnings } = hooksOf({ onImage: 'echo first >&2; echo no room >&2; exit 3' });
    for (let count = 0; count < 5; count += 1)
      await firstValueFrom((hooks.onImage?.(saved) ?? EMPTY).pipe(toArray()));
    await hooks.onEnd(end);
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toBe('--on-image failed for image #12: exit code 3, no room. The image is saved.');
    expect(warnings[3]).toBe('--on-image failed for 5 images in all. They are saved.');
  });
});

describe('a command', () => {
  const call = { facts: {}, content: {}, timeoutMs: 20_000 };

  it('gets no variable that has the token', async () => {
    const command = `! env | grep -q '${TOKEN}' && test -z "$REPLICATE_API_TOKEN" && test "$MINE" = mine`;
    expect(await runCommand(command, call, { env, token: TOKEN })).toBeNull();
  });

  it('is ended with its child processes when its time is over', async () => {
    const pid = join(folder(), 'pid');
    const slow = `sleep 60 & echo $! > '${pid}'; wait`;
    expect(await runCommand(slow, { ...call, timeoutMs: 300 }, { env, token: null })).toBe(
      'it took longer than 0.3 s',
    );
    const sleeping = Number(await readFile(pid, 'utf8'));
    await expect.poll(() => isAlive(sleeping)).toBe(false);
  });

  it('is not waited for beyond its own end, and need not read', async () => {
    expect(await runCommand('sleep 5 & exit 0', call, { env, token: null })).toBeNull();
    const much = { ...call, content: { text: 'x'.repeat(2_000_000) } };
    expect(await runCommand('exit 0', much, { env, token: null })).toBeNull();
    expect(await runCommand('no-such-command-anywhere', call, { env, token: null })).toContain(
      'exit code 127',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended, and whose parent has not asked for it.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the end', () => {
  it('runs the command with the totals, then posts them', async () => {
    const server = await localServer((_request, response) => response.end('ok'));
    const said = join(folder(), 'end');
    const facts =
      '"$RXPOSURE_SAVED/$RXPOSURE_ALREADY_SAVED/$RXPOSURE_TOTAL $RXPOSURE_FAILED $RXPOSURE_COST_USD"';
    const { hooks, warnings } = hooksOf({ onEnd: `printf '%s' ${facts} > '${said}'`, notifyUrl: server.url });
    await hooks.onEnd(end);
    expect(await readFile(said, 'utf8')).toBe('1/1/3 1 0.003');
    const [{ method, body, headers } = { method: '', body: '{}', headers: {} }] = server.requests;
    expect([method, headers.authorization, body.includes(TOKEN)]).toEqual(['POST', undefined, false]);
    expect(JSON.parse(body)).toMatchObject({
      event: 'end',
      totals,
      elapsedMs: 1_500,
      error: null,
      simulated: false,
    });
    expect(JSON.parse(body).text).toMatch(/^rxposure .*: 2 of 3 saved, 1 failed, 0 skipped, \$0\.003$/);
    expect(warnings).toEqual([]);
  });

  it('posts again after a 503, and gives up softly without naming the address', async () => {
    const once = await localServer((_request, response, count) =>
      response.writeHead(count < 3 ? 503 : 200).end(),
    );
    expect(await notify(once.url, {}, 1)).toBeNull();
    expect(once.requests).toHaveLength(3);
    const never = await localServer((_request, response) => response.writeHead(503).end());
    const { hooks, warnings } = hooksOf({ notifyUrl: `${never.url}/secret` });
    expect(await notify(`${never.url}/secret`, {}, 1)).toBe('it responded with 503');
    expect(never.requests).toHaveLength(4);
    expect(await notify('http://127.0.0.1:1/', {}, 1)).toBe('ECONNREFUSED');
    const refusing = await localServer((_request, response) => response.writeHead(404).end());
    expect(await notify(refusing.url, {}, 1)).toBe('it responded with 404');
    expect(refusing.requests).toHaveLength(1);
    expect([hooks.onImage, warnings]).toEqual([undefined, []]);
  });

  it('takes https, or http of this machine, without a password', () => {
    const { schema } = flagValues.notifyUrl;
    const isGood = (url: string) => schema.safeParse(url).success;
    expect(
      ['https://hooks.example.com/T/B?x=1', 'http://localhost:80/a', 'http://[::1]/'].every(isGood),
    ).toBe(true);
    expect(['http://example.com', 'https://me:secret@example.com', 'ftp://localhost', 'x'].some(isGood)).toBe(
      false,
    );
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { formatUsd } from '../src/base/text.ts';
import { commandTable } from '../src/cli/flags/commandTable.ts';
import * as operators from '../src/operators/index.ts';
import { errorAnswers } from '../src/providers/http/errorAnswers.ts';
import { modelCatalogue } from '../src/providers/prices/catalogue.ts';
import { describePrice } from '../src/providers/prices/cost.ts';
import { hardwarePrices, priceTable } from '../src/providers/prices/priceTable.ts';
import { renditionPresets } from '../src/renditions/presets.ts';
import { chaosProfiles } from '../src/simulator/index.ts';
import { type PackedPackage, packPackage } from './package/packPackage.ts';

let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
}, 300_000);
let folder = '';
beforeEach(async () => {
  // Below it the published package is found, as a program that has installed it finds it.
  folder = await mkdtemp(join(packed.project, 'example-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every example with its assumptions, to be type-checked together at the end. */
const programs: string[] = [];

/**
 * Runs an example unchanged, the first one below a heading or the one at that position. The
 * assumptions of the text around it are declared before it, and cleared up after it.
 */
async function runExample(
  document: string,
  given = '',
  { heading = '', place = 0, after = '' } = {},
): Promise<string> {
  const text = await readFile(document, 'utf8');
  const examples = [...text.slice(text.indexOf(heading)).matchAll(/```ts\n([\s\S]*?)```/g)];
  const code = `${given}\n${examples[place]?.[1]}`;
  programs.push(`${code}\n${after}`);
  const path = join(folder, 'example.mts');
  await writeFile(path, `${code}\n${after}`);
  const { stdout } = await promisify(execFile)(process.execPath, [path]);
  return stdout;
}

it('the code of the README runs', async () => {
  const given = `
    import { writeFileSync } from 'node:fs';
    import { startSimulator } from 'rxposure/simulator';
    process.chdir(${JSON.stringify(folder)});
    writeFileSync('prompts.csv', 'prompt,theme,aspect_ratio\\na red fox,winter,1:1\\nan owl,autumn,4:5\\n');
    const simulator = await startSimulator({ speed: 100, render: 'fast', coldStarts: false });
    process.env.REPLICATE_API_TOKEN = simulator.token;
    process.env.REPLICATE_BASE_URL = simulator.baseUrl;
  `;
  const output = await runExample('README.md', given, { after: 'await simulator.close();' });
  expect(output).toContain('8 of 8, $0.024\n');
  expect(output).toContain('8 saved for 0.024\n');
  expect(output.match(/--instagram_post\.jpg/g)).toHaveLength(8);
});

it('the shell commands of the README run, on the simulator', async () => {
  const readme = await readFile('README.md', 'utf8');
  const [, script = ''] = /## In a shell\n\n```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  // Both runs are simulated here, and the package is the one that is packed.
  const simulated = script
    .replaceAll('--simulate', '')
    .replace(/^export .*$/m, '')
    .replace(/^npx rxposure generate/gm, '$& --simulate=100');
  const npx = `npx() { shift; ${process.execPath} ${join(packed.root, 'dist/cli/bin/rxposure.js')} "$@"; }`;
  await promisify(execFile)('bash', ['-ec', `${npx}\n${simulated}`], { cwd: folder });
  const files = await readdir(join(folder, 'out/prompts-simulated'));
  expect(files.filter((name) => name.endsWith('--instagram_post.jpg'))).toHaveLength(20);
});

/** A simulator as the service of the environment, and a working directory of the example's own. */
const onSimulator = () => `
    import { startSimulator } from 'rxposure/simulator';
    process.chdir(${JSON.stringify(folder)});
    const simulator = await startSimulator({ speed: 100, render: 'fast' });
    process.env.REPLICATE_API_TOKEN = simulator.token;
    process.env.REPLICATE_BASE_URL = simulator.baseUrl;
  `;

const served = (name: string) => `
    import { createReplicateProvider } from 'rxposure/replicate';
    import { startSimulator } from 'rxposure/simulator';
    const folder = ${JSON.stringify(join(folder, name))};
    const simulator = await startSimulator({ speed: 100, render: 'fast' });
    const provider = createReplicateProvider(simulator);
  `;

it('the call of docs/library.md runs', async () => {
  const example = { heading: '## Images in one call', after: 'await simulator.close();' };
  const lines = (await runExample('docs/library.md', onSimulator(), example)).trim().split('\n');
  expect(lines).toEqual(['0 of 2, $0', expect.any(String), '2 of 2, $0.009', '2 saved for 0.009']);
});

it('the copies of docs/gallery.md are made', async () => {
  const given = `
    import { readdir, readFile, writeFile } from 'node:fs/promises';
    import { images as makeImages } from 'rxposure';
    import { createReplicateProvider } from 'rxposure/replicate';
    import { startSimulator } from 'rxposure/simulator';
    process.chdir(${JSON.stringify(folder)});
    const simulator = await startSimulator({ speed: 100, render: 'fast' });
    const to = 'out/summer-launch';
    const model = 'black-forest-labs/flux-schnell';
    const provider = createReplicateProvider(simulator);
    await makeImages(['a red fox'], { model, to, provider, renditions: ['thumb=64x64,cover,webp'] });
    const { outcomes } = JSON.parse(await readFile(to + '/manifest.json', 'utf8'));
    const { path, sha256 } = outcomes[0].files[0];
    const pick = { number: '1', path, sha256: sha256.slice(0, 20), verdict: 'picked', stars: 5 };
    await writeFile('picks.json', JSON.stringify({ run: 'summer-launch', isSimulated: true, picks: [pick] }));
  `;
  const after = "console.log((await readdir('client')).join()); await simulator.close();";
  expect(await runExample('docs/gallery.md', given, { after })).toBe('0001-a-red-fox--thumb.webp\n');
});

it('the transform of docs/library.md runs', async () => {
  const example = { heading: '### A step of your own before the save', after: 'await simulator.close();' };
  expect(await runExample('docs/library.md', served('grey'), example)).toBe('');
});

it('the session of docs/library.md runs', async () => {
  const example = { heading: '### Several runs of one server', after: 'await simulator.close();' };
  expect(await runExample('docs/library.md', served('session'), example)).toBe('0.009\n');
});

it('the workflows of docs/library.md run', async () => {
  const given = `
    import { copyFile } from 'node:fs/promises';
    import { startSimulator } from 'rxposure/simulator';
    await copyFile('examples/summer-launch.yaml', ${JSON.stringify(join(folder, 'summer.yaml'))});
    process.chdir(${JSON.stringify(folder)});
    const simulator = await startSimulator({ speed: 100, render: 'fast' });
    process.env.REPLICATE_API_TOKEN = simulator.token;
    process.env.REPLICATE_BASE_URL = simulator.baseUrl;
  `;
  const example = { heading: '### The workflows', after: 'await simulator.close();' };
  const lines = (await runExample('docs/library.md', given, example)).trim().split('\n');
  expect(lines[0]).toBe('2 compared in out/ab/comparison.json');
  expect(lines.slice(1, 5).toSorted()).toEqual(['celadon 2', 'celadon 4', 'tenmoku 2', 'tenmoku 4']);
  expect(lines[5]).toBe('3 of the campaign');
});

it('the score of docs/library.md is stored', async () => {
  const example = { heading: '### A score for each image', after: 'await simulator.close();' };
  const output = await runExample('docs/library.md', served('scored'), example);
  expect(output).toBe('number 0.002 0.005\nnumber 0.002 0.005\n');
});

it('the example of docs/library.md runs', async () => {
  const given = `const folder = ${JSON.stringify(join(folder, 'run'))};`;
  expect(await runExample('docs/library.md', given, { heading: '## The layer below' })).toBe(
    '4 saved for 0.012\n',
  );
});

it('the stream of docs/library.md runs', async () => {
  const example = { heading: '### Outcomes as a stream', after: 'await simulator.close();' };
  const output = await runExample('docs/library.md', served('stream'), example);
  expect(output.match(/000\d-an?-[\w-]+\.webp/g)?.toSorted()).toEqual([
    '0001-a-red-fox.webp',
    '0002-an-owl.webp',
  ]);
});

it('the provider of docs/library.md makes images', async () => {
  const given = `
    import { createServer } from 'node:http';
    import type { AddressInfo } from 'node:net';
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
    const studio = createServer((request, response) => request.resume().on('end', () => response.end(picture)));
    await new Promise<void>((listening) => studio.listen(0, '127.0.0.1', () => listening()));
    const studioUrl = 'http://127.0.0.1:' + (studio.address() as AddressInfo).port;
    const folder = ${JSON.stringify(join(folder, 'studio'))};`;
  const after = 'studio.close(); studio.closeAllConnections();';
  const heading = '## A provider of your own';
  expect(await runExample('docs/library.md', given, { heading, after })).toBe('');
  expect(await readdir(join(folder, 'studio'))).toContain('0001-a-red-fox.svg');
  const broken = given.replace('response.end(picture)', "response.writeHead(500).end('<html>')");
  await rm(join(folder, 'studio'), { recursive: true });
  await runExample('docs/library.md', broken, { heading, after });
  expect(await readFile(join(folder, 'studio/manifest.json'), 'utf8')).toContain('status 500');
});

it('the iterator of docs/library.md runs', async () => {
  const given = `
    import type { Outcome } from 'rxposure';
    ${onSimulator()}
    const published: string[] = [];
    const publish = async ({ status }: Outcome) => published.push(status);
  `;
  const then = "console.log(published.join(' ')); await simulator.close();";
  const example = { heading: '## Outcomes as you take them', after: then };
  expect(await runExample('docs/library.md', given, example)).toBe('saved saved\n');
});

it('the pipe of docs/pipelines-of-your-own.md runs, and so does its sink', async () => {
  const document = 'docs/pipelines-of-your-own.md';
  const given = `const folder = ${JSON.stringify(join(folder, 'own'))};`;
  const lines = (await runExample(document, given)).trim().split('\n');
  expect(lines.toSorted()).toEqual(['0 saved 4 0.006', '1 saved 4 0.006', '2 saved 4 0.006']);
  const written = ['gallery.html', 'manifest.json', 'report.json'];
  expect(await readdir(join(folder, 'own'))).toEqual(expect.arrayContaining(written));
  const before = "import { lastValueFrom, of } from 'rxjs'; import type { Outcome } from 'rxposure';";
  const after =
    "await lastValueFrom(of({ index: 1, status: 'saved' } as Outcome).pipe(toRows)); console.log(rows[0]);";
  const sink = { heading: '## Sinks', after };
  expect(await runExample(document, before, sink)).toBe('1 saved\n');
});

it('the example of docs/inputs.md runs', async () => {
  const given = `const folder = ${JSON.stringify(join(folder, 'run'))};`;
  expect(await runExample('docs/inputs.md', given)).toBe('2 made from 1 upload\n');
});

it('the example of docs/workflows/refinement.md runs', async () => {
  expect(await runExample('docs/workflows/refinement.md')).toBe('2\n4\n6\n12\n24\n');
});

it('the example of docs/scoring.md runs', async () => {
  const pictures = ['docs/images/contact-sheet.webp', 'docs/images/gallery.webp'].map((path) =>
    resolve(path),
  );
  const output = await runExample('docs/scoring.md', `const pictures = ${JSON.stringify(pictures)};`);
  const scores = output
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  expect(scores.map(([path]) => path).toSorted()).toEqual(pictures);
  expect(Number(scores[0]?.[1])).toBeGreaterThanOrEqual(Number(scores[1]?.[1]));
});

it('the judge of docs/scoring.md rates', async () => {
  const pictures = ['docs/images/contact-sheet.webp', 'docs/images/gallery.webp'].map((path) =>
    resolve(path),
  );
  const given = `const folder = ${JSON.stringify(join(folder, 'run'))}; const pictures = ${JSON.stringify(pictures)};`;
  const output = await runExample('docs/scoring.md', given, { heading: '## A model as the judge' });
  const lines = output.trim().split('\n');
  expect(lines.slice(0, 2).toSorted().join()).toMatch(/^0 \d+(\.\d)?,1 \d+(\.\d)?$/);
  expect(lines.slice(2)).toEqual(['paid 0.004']);
});

it('the destination of docs/destinations.md gets the images', async () => {
  const output = await runExample('docs/destinations.md', onSimulator(), { after });
  expect(output).toBe('1 saved, and copied to the shelf\n');
  expect(await readdir(join(folder, 'shelf'))).toEqual(['0001-a-red-fox.webp']);
});

it('the example of docs/webhooks.md runs', async () => {
  expect(await runExample('docs/webhooks.md')).toBe('job 7 succeeded\n');
});

it('the servers of docs/webhooks.md take the webhooks of a run', async () => {
  const given = `
    import { once } from 'node:events';
    import type { AddressInfo } from 'node:net';
    import { createReplicateProvider } from 'rxposure/replicate';
    import { startSimulator } from 'rxposure/simulator';
    import { aPlan } from 'rxposure/testing';
    const account = await startSimulator({ speed: 100, render: 'fast', coldStarts: false });
    const provider = createReplicateProvider(account);
    const plans = () => [0, 1, 2].map((index) => aPlan({ index, model: 'black-forest-labs/flux-schnell' }));
    const port = 0;`;
  const text = await readFile('docs/webhooks.md', 'utf8');
  const [express, fastify] = [...text.matchAll(/```ts\n(import (?:express|fastify) [\s\S]*?)```/g)];
  for (const [name, server] of Object.entries({ express, fastify })) {
    const listening = `
      if (!server.listening) await once(server, 'listening');
      const publicUrl = 'http://localhost:' + (server.address() as AddressInfo).port + '/hooks';
      const folder = ${JSON.stringify(join(folder, name))};`;
    const ending = 'server.close(); server.closeAllConnections(); await account.close();';
    const example = { heading: 'A run in the same process', after: ending };
    const output = await runExample('docs/webhooks.md', `${given}${server?.[1]}${listening}`, example);
    expect(output).toBe('succeeded\nsucceeded\nsucceeded\n3 saved\n');
  }
});

/** A run of four jobs on the simulator. */
const fourJobs = (name: string) => `
  import { createReplicateProvider } from 'rxposure/replicate';
  import { startSimulator } from 'rxposure/simulator';
  import { jobsFromRows, openPromptFile, planJobs } from 'rxposure/sources';
  const simulator = await startSimulator({ render: 'fast', speed: 100, coldStarts: false });
  const provider = createReplicateProvider(simulator);
  const file = await openPromptFile('examples/prompts.jsonl');
  const model = 'black-forest-labs/flux-schnell';
  const plans = () => planJobs(jobsFromRows(file.rows(), { model, limit: 4 }));
  const folder = ${JSON.stringify(join(folder, name))};`;
const after = 'await simulator.close();';
/** The declarations that further examples of docs/monitoring.md have from the first. */
const observed = (name: string) => `
  import { lastValueFrom } from 'rxjs';
  import { observeRun, ofType } from 'rxposure/events';
  import { runToFolder } from 'rxposure/pipelines';
  ${fourJobs(name)}
  const { end, events } = observeRun((emit) => runToFolder(plans, { folder, provider, emit }));`;

it('the examples of docs/monitoring.md run', async () => {
  const document = 'docs/monitoring.md';
  const watched = await runExample(document, fourJobs('a'), { after });
  expect(watched.match(/\.webp\n/g)).toHaveLength(4);
  expect(watched).toContain('0 %, $0, null ms left\n');
  expect(watched).toContain('100 %, $0.012, null ms left\n');
  expect(watched).toContain('4 saved\n');
  expect(await runExample(document, observed('b'), { after, place: 1 })).toMatch(
    /^black-forest-labs\/flux-schnell 4 0\.012 0\.003 \d+(\.\d+)?\n$/,
  );
  expect(await runExample(document, observed('c'), { after, place: 2 })).toBe(
    [
      'generate_content black-forest-labs/flux-schnell',
      'rxposure.download',
      'rxposure.save',
      'rxposure.job',
      'rxposure.run',
      '',
    ].join('\n'),
  );
});

it('docs/monitoring.md has every event with its fields, and every callback', async () => {
  const types = await readFile('src/events/runEvent.ts', 'utf8');
  const [, union = ''] = /export type RunEvent =([\s\S]*?\});\n/.exec(types) ?? [];
  const events = [...union.matchAll(/\{([^{}]*)\}/g)].flatMap(([, member = '']) => {
    const [, types = ''] = /readonly type:([^;]+);/.exec(`${member};`) ?? [];
    const names = [...member.matchAll(/readonly (\w+):/g)].map(([, name]) => `\`${name}\``);
    const fields = names.filter((name) => name !== '`type`').join(', ');
    return [...types.matchAll(/'([^']+)'/g)].map(([, type]) => [`\`${type}\``, fields]);
  });
  const rows = await tableBelow('docs/monitoring.md', '## Events');
  expect(rows.map(([type, fields]) => [type, fields]).sort()).toEqual(events.sort());
  const callbacks = await readFile('src/events/listeners.ts', 'utf8');
  const names = [...callbacks.matchAll(/^ {2}(on\w+)\?\(/gm)].map(([, name]) => `\`${name}\``);
  expect((await tableBelow('docs/monitoring.md', '## Callbacks')).map(([name]) => name)).toEqual(names);
});

it('the example of docs/operators.md runs', async () => {
  const given = "const urls = ['a', 'b', 'c']; const titleOf = async (url: string) => 'title of ' + url;";
  expect(await runExample('docs/operators.md', given)).toBe("[ 'title of a', 'title of b', 'title of c' ]\n");
});

it('docs/operators.md names every operator', async () => {
  const page = await readFile('docs/operators.md', 'utf8');
  for (const name of Object.keys(operators)) {
    if (name === 'monotonicScheduler') continue; // The clock of all operators.
    expect(page).toContain(`\`${name}\``);
  }
});

it('the README has the commands', async () => {
  const named = (await tableBelow('README.md', '## Commands')).map(([command = '']) =>
    command.replace(/^`rxposure ([\w-]+).*$/, '$1'),
  );
  expect(named.sort()).toEqual(Object.keys(commandTable).sort());
});

it('docs/campaign.md names every preset with its size', async () => {
  const text = (await readFile('docs/campaign.md', 'utf8')).replace(/\s+/g, ' ');
  for (const { name, widthPx, heightPx } of Object.values(renditionPresets))
    expect(text).toContain(`${name} ${widthPx}x${heightPx}`);
});

it('the example of docs/models.md runs', async () => {
  expect(await runExample('docs/models.md')).toBe('qwen/qwen-image 0.025\n');
});

/** The rows of the table below a heading (or other words), its own head left out. */
async function tableBelow(document: string, words: string): Promise<string[][]> {
  const text = await readFile(document, 'utf8');
  const lines = text.slice(text.indexOf(words)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, place) => place > first && !line.startsWith('|'));
  return lines.slice(first + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it('the catalogue of one’s own in docs/models.md is chosen from', async () => {
  expect(await runExample('docs/models.md', '', { place: 1 })).toBe('acme/product-shots\n');
});

it('docs/models.md has the price table, the hardware and the catalogue', async () => {
  expect(await tableBelow('docs/models.md', '## Prices')).toEqual(
    priceTable.map(({ model }) => [`\`${model}\``, describePrice(model) ?? 'unknown']),
  );
  expect(await tableBelow('docs/models.md', 'By the second, as of')).toEqual(
    Object.entries(hardwarePrices).map(([name, microUsd]) => [name, formatUsd(microUsd)]),
  );
  expect(await tableBelow('docs/models.md', '## Choosing one')).toEqual(
    modelCatalogue.map(({ model, quality, useCases, reason }) => [
      `\`${model}\``,
      quality,
      useCases.join(', '),
      describePrice(model) ?? 'unknown',
      reason,
    ]),
  );
});

it('docs/errors.md has the responses of the service', async () => {
  const refusals = { all: 'certainly', service: 'if it is JSON of the API', none: 'unknown' };
  expect(await tableBelow('docs/errors.md', '## Responses of the service')).toEqual(
    errorAnswers.map(({ status, code, meaning, refusals: kind, recoverable, reaction, suggestion }) => [
      status === 500 ? '500 and above' : String(status),
      `\`${code}\``,
      meaning,
      refusals[kind],
      recoverable ? 'yes' : 'no',
      reaction,
      suggestion,
    ]),
  );
});

it('docs/errors.md lists every code that an error can have, and no other', async () => {
  const sources = (await readdir('src', { recursive: true })).filter((name) => name.endsWith('.ts'));
  const used = new Set<string>();
  for (const name of sources) {
    const code = await readFile(join('src', name), 'utf8');
    for (const [, found = ''] of code.matchAll(/'(ERR_[A-Z_]+)'/g)) used.add(found);
  }
  // Node's own: a connection that was never made, a file that this Node cannot load.
  const ours = [...used].filter((code) => !/^ERR_(TLS|SSL|UNKNOWN_FILE)_/.test(code));
  const text = await readFile('docs/errors.md', 'utf8');
  const listed = new Set([...text.matchAll(/^\|[^`\n]*`(ERR_[A-Z_]+)`/gm)].map(([, code]) => code));
  expect([...listed].sort()).toEqual(ours.sort());
});

it('docs/chaos.md names every profile with its faults', async () => {
  const text = await readFile('docs/chaos.md', 'utf8');
  for (const [name, { summary }] of Object.entries(chaosProfiles)) {
    expect(text).toMatch(new RegExp(`^\\| \`${name}\` +\\| ${summary} +\\|`, 'm'));
  }
});

it('each row of docs/security.md names a test that is there', async () => {
  const text = await readFile('docs/security.md', 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (boundary|---)/.test(line));
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) {
    const [, path = '', title = ''] = /`(test\/[^`]+)`: "([^"]+)" \|$/.exec(row) ?? [];
    expect(path, row).not.toBe('');
    expect(await readFile(path, 'utf8'), row).toContain(title);
  }
});

/** The blocks of TypeScript in a page. */
const blocksOf = async (page: string) =>
  [...(await readFile(page, 'utf8')).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

it('every block of TypeScript in the docs is an example that is tested', async () => {
  // They need a service or a folder: only their types are checked.
  const fragments = [
    ['', "await copyPicks('out/summer-launch', images, { to: 'client'"],
    ['', 'createCogProvider({ baseUrl'],
    [
      "import { createWebhookReceiver } from 'rxposure/replicate'; declare const secret: string;",
      "createWebhookReceiver({ secret, port: 8788, publicUrl: 'https://hooks",
    ],
  ];
  // Those of the others run in tests of their own.
  const others = new Set(['testing.md', 'guide.md']);
  const pages = (await readdir('docs', { recursive: true })).filter(
    (path) => path.endsWith('.md') && !path.startsWith('reference') && !others.has(path),
  );
  const blocks: string[] = [];
  for (const page of ['README.md', ...pages.map((path) => join('docs', path))])
    blocks.push(...(await blocksOf(page)));
  for (const [given = '', words = ''] of fragments) {
    const block = blocks.find((code) => code.includes(words));
    expect(block, words).toBeDefined();
    programs.push(`${given}\n${block}`);
  }
  expect(blocks.filter((block) => !programs.some((program) => program.includes(block)))).toEqual([]);
});

it('the examples type-check, strictly, against the published package', async () => {
  const paths = programs.map((_, n) => join(folder, `example${n}.mts`));
  for (const [n, path] of paths.entries()) await writeFile(path, programs[n] ?? '');
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node'];
  const kinds = ['--target', 'es2023', '--module', 'nodenext', '--lib', 'es2024,esnext.disposable'];
  const words = [resolve('node_modules/typescript/bin/tsc'), ...flags, ...kinds, ...paths];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

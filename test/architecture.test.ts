import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

/**
 * Rooms from the top of the house to its ground; a room imports only from rows below its own.
 * `types`, `ports` and `errors` are the ground that everything stands on.
 */
const rows = [
  ['cli'],
  ['fleet'],
  ['pipelines'],
  ['operators', 'sources', 'providers', 'store', 'sinks'],
  ['renditions', 'provenance', 'scoring', 'events'],
  ['images'],
  ['disk'],
  ['base'],
  ['ports'],
  ['types', 'errors'],
];

/**
 * Of the rooms below its own, those that a room of the third row uses. A room that is not here may
 * use all of them.
 */
const narrower: Readonly<Record<string, readonly string[]>> = {
  operators: ['events', 'disk/copyFiles', 'base', 'types', 'ports', 'errors'],
  // Plans have prices, which the built-in table knows.
  sources: ['providers/prices/cost', 'renditions', 'provenance', 'disk', 'base', 'types', 'ports', 'errors'],
  providers: ['images', 'disk', 'base', 'types', 'ports', 'errors'],
  store: ['disk', 'base', 'types', 'ports', 'errors'],
  sinks: ['events', 'renditions', 'images', 'disk', 'base', 'types', 'ports', 'errors'],
  // It shares no code with the client that it tests.
  simulator: ['base', 'types', 'errors'],
  testing: ['sources/planning/requestKey', 'base', 'types', 'ports', 'errors'],
};

/**
 * The order of the parts of a room, from the top: a part imports only from parts behind it. `.` is
 * any module of the room's own folder that is not named, `*` any folder that is not named.
 */
const parts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  cli: [
    ['bin'],
    ['commands'],
    ['making'],
    ['batch'],
    ['config', 'hooks', 'completion'],
    ['flags'],
    ['script'],
    ['display'],
  ],
  images: [['.'], ['formats']],
  // The functions of the database are at the bottom.
  fleet: [
    ['worker', 'producer', 'local', 'status'],
    ['part', 'bucket'],
    ['.'],
    ['engine'],
    ['database'],
    ['sql'],
  ],
  operators: [['predictions', 'stages'], ['.', 'pace'], ['internal']],
  pipelines: [
    ['front'],
    ['workflows'],
    ['runToFolder'],
    ['rating', 'runToEnd', 'generateStream'],
    ['generate', 'outcomeStream'],
    ['run'],
    ['journey'],
  ],
  provenance: [['.'], ['containers']],
  // Each service has a folder; the modules that they share come after them.
  providers: [['*'], ['downloads', 'prices', 'http'], ['wire']],
  simulator: [
    ['startSimulator', 'cog'],
    ['api', 'chaos', 'fileServer'],
    ['pictures', 'writeAnswer'],
    ['engine'],
    ['models'],
  ],
  sources: [['promptFiles', 'specs'], ['planning'], ['modelInputs']],
};

interface Arrow {
  readonly from: string;
  readonly to: string;
}

const modules = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort();
const arrows = modules.flatMap((from) =>
  relativeImports(join('src', from)).map(
    (path): Arrow => ({ from, to: normalize(join(dirname(from), path)).replaceAll('\\', '/') }),
  ),
);
/** A window publishes; it is read by those outside. */
const inside = arrows.filter(({ from }) => !isWindow(from));

/** The relative imports of a module: `from '…'` and `import('…')`, types included. */
function relativeImports(path: string): string[] {
  const found = readFileSync(path, 'utf8').matchAll(/(?:\bfrom |\bimport\()'(\.{1,2}\/[^']+)'/g);
  return [...found].map(([, path = '']) => path);
}

function isWindow(path: string): boolean {
  return basename(path) === 'index.ts';
}

/** `types` for `types.ts`, `sinks` for `sinks/report/report.ts`. */
function roomOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function rowOf(room: string): number {
  return rows.findIndex((names) => names.includes(room));
}

function show({ from, to }: Arrow): string {
  return `${from} -> ${to}`;
}

/** Returns true if one room may import another. */
function isAllowedBetweenRooms({ from, to }: Arrow): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other) return true;
  const own = narrower[room];
  if (own !== undefined) return own.some((name) => name === other || `${name}.ts` === to);
  // Scripts start the simulator; the help lists its chaos profiles.
  if (room === 'cli' && other === 'simulator') return true;
  return rowOf(other) > rowOf(room) && rowOf(room) >= 0;
}

/** Returns the index of a module in the order of its room's parts; -1 if it has none. */
function partOf(path: string, order: readonly (readonly string[])[]): number {
  const [, second = '', ...deeper] = path.replace(/\.ts$/, '').split('/');
  const indexOf = (name: string) => order.findIndex((names) => names.includes(name));
  return indexOf(second) >= 0 ? indexOf(second) : indexOf(deeper.length > 0 ? '*' : '.');
}

it('rooms import only from rooms below them', () => {
  expect(inside.filter((arrow) => !isAllowedBetweenRooms(arrow)).map(show)).toEqual([]);
});

it('every room has its row', () => {
  const rooms = new Set(modules.filter((name) => name.includes('/')).map(roomOf));
  expect([...rooms].filter((room) => rowOf(room) < 0)).toEqual(['simulator', 'testing']);
});

it('within a room, parts import one way', () => {
  const backwards = inside.filter((arrow) => {
    const order = parts[roomOf(arrow.from)];
    if (order === undefined || roomOf(arrow.from) !== roomOf(arrow.to)) return false;
    return partOf(arrow.from, order) > partOf(arrow.to, order);
  });
  expect(backwards.map(show)).toEqual([]);
});

it('every part of a room has its order', () => {
  const unknown = modules.filter((path) => {
    const order = parts[roomOf(path)];
    return order !== undefined && !isWindow(path) && path.includes('/') && partOf(path, order) < 0;
  });
  expect(unknown).toEqual([]);
});

/**
 * The folder of a service, `replicate`; null for modules outside of `providers` and for those that
 * services share.
 */
function serviceOf(path: string): string | null {
  const [room, folder = ''] = path.split('/');
  return room === 'providers' && !/^(downloads|prices|http|wire|index\.ts)$/.test(folder) ? folder : null;
}

it('providers do not know each other', () => {
  const crossing = inside.filter(({ from, to }) => {
    const [service, other] = [serviceOf(from), serviceOf(to)];
    return service !== null && other !== null && service !== other;
  });
  expect(crossing.map(show)).toEqual([]);
});

it('runs know no provider: each brings its own knowledge', () => {
  const known = inside.filter(
    ({ from, to }) =>
      from.startsWith('pipelines/') &&
      // The front has a default service.
      !from.startsWith('pipelines/front/') &&
      (serviceOf(to) !== null || to.startsWith('providers/wire/')),
  );
  expect(known.map(show)).toEqual([]);
});

it('modules import modules, never a window', () => {
  expect(arrows.filter(({ to }) => isWindow(to)).map(show)).toEqual([]);
});

it('nothing imports in a circle, types included', () => {
  expect(findCircles(arrows)).toEqual([]);
});

it('a run on one machine loads nothing of a fleet, and a fleet its client only when it is asked for', () => {
  /** The modules of `cli` for fleets; others load them when they are asked for. */
  const isOfFleet = (path: string) => /^(?:fleet|cli\/batch\/queue|cli\/commands\/fleet)\//.test(path);
  const clients = ['pg', 'pg-boss'];
  const loaded = modules.flatMap((path) =>
    // Types are not loaded.
    [
      ...readFileSync(join('src', path), 'utf8').matchAll(
        /^(?:im|ex)port\b(?! type\b)[^;]*?\bfrom '([^']+)'/gm,
      ),
    ]
      .map(([, name = '']) => name)
      .filter((name) => {
        const target = normalize(join(dirname(path), name)).replaceAll('\\', '/');
        return clients.includes(name) || (name.startsWith('.') && isOfFleet(target) && !isOfFleet(path));
      })
      .map((name) => `${path}: ${name}`),
  );
  expect(loaded).toEqual([]);
});

it('joins no stored path with a folder, except in the module that checks it', () => {
  // A text in place, a constant, or a name made of numbers cannot lead out of a folder.
  const joined =
    /\b(?:join|resolve)\((?:\w+\.)*(?:folder|root|shards), (?!['`]|[A-Z_]+\b|\w+FileName\b|shardName\()/;
  const own = modules.filter((path) => !path.startsWith('simulator/'));
  const found = own.flatMap((path) =>
    readFileSync(join('src', path), 'utf8')
      .split('\n')
      .filter((line) => joined.test(line))
      .map(() => path),
  );
  expect(found).toEqual([
    // The check itself.
    'disk/insideFolder.ts',
    // The name of a list, for a message.
    'pipelines/run/folder/expectInside.ts',
    // Names of a list that the module has.
    'pipelines/run/matching/finishMoves.ts',
    'pipelines/run/matching/finishMoves.ts',
    // Named by a spec or a flag, and checked before.
    'renditions/overlays.ts',
    // Numbered pages.
    'sinks/contactSheet/page.ts',
    // Named by a spec, to be checked.
    'sources/specs/readSpec.ts',
    // Names of a list that the module has.
    'store/folderFiles.ts',
    'store/runFile.ts',
  ]);
});

/** Modules that may find a file by their own path; the build moves all others into other files. */
const placed = new Set([
  'cli/bin/missingPackages.ts',
  'cli/commands/setup/init.ts',
  'disk/ownProgram.ts',
  'disk/storageError.ts',
]);

it('no module looks for a file beside itself, which is not there in the published package', () => {
  const looking = modules.filter((path) => readFileSync(join('src', path), 'utf8').includes('import.meta'));
  expect(looking.filter((path) => !placed.has(path))).toEqual([]);
});

it('writes new files exclusively, and others as files of the run, so that no link is followed', () => {
  const writes =
    /(?<![.\w])(?:writeFile|appendFile|createWriteStream)\((?!.*'wx')|(?<![.\w])open(?:Sync)?\([^)]*'[rwa]/;
  const found = modules
    .filter((path) => !/^(?:simulator|providers)\//.test(path))
    .flatMap((path) =>
      readFileSync(join('src', path), 'utf8')
        .split('\n')
        .filter((line) => writes.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  expect(found).toEqual([
    // Folders, and a file without a name.
    "disk/folders.ts: const handle = await open(folder, 'r');",
    "disk/folders.ts: const fd = openSync(folder, 'r');",
    "disk/snapshot.ts: const copy = { fd: openSync(name, 'r') };",
  ]);
});

it('a folder has at most 16 entries besides its window, and src holds 17 rooms and four files', () => {
  const folders = new Map<string, Set<string>>();
  for (const path of modules) {
    const names = path.split('/');
    for (const [depth, name] of names.entries()) {
      const folder = names.slice(0, depth).join('/');
      folders.set(folder, (folders.get(folder) ?? new Set()).add(name));
    }
  }
  const files = [...(folders.get('') ?? [])].filter((name) => name.endsWith('.ts'));
  expect(files.sort()).toEqual(['errors.ts', 'index.ts', 'ports.ts', 'types.ts']);
  const full = [...folders].filter(([folder, names]) => {
    const counted = [...names].filter(
      (name) => name !== 'index.ts' && !(folder === '' && name.endsWith('.ts')),
    );
    return counted.length > (folder === '' ? 17 : 16);
  });
  expect(full.map(([folder]) => folder)).toEqual([]);
});

it('a module has at most 250 lines, unless it is a table', () => {
  const tables = ['cli/flags/flagTable.ts', 'types.ts', 'sinks/gallery/galleryAssets.ts'];
  const long = modules.filter((path) => readFileSync(join('src', path), 'utf8').split('\n').length > 251);
  expect(long.filter((path) => !tables.includes(path))).toEqual([]);
});

it('no interface has more than twelve fields of its own, but rows of data', () => {
  const rowTypes = ['Outcome', 'RenditionSpec', 'OutcomeRow'];
  const wide = modules.flatMap((path) => {
    const text = readFileSync(join('src', path), 'utf8');
    const found = text.matchAll(/^(?:export )?interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm);
    return [...found].flatMap(([, name = '', body = '']) => {
      const fields = body.match(/^ {2}(?:readonly )?\w+(?:\?|<.*?>)?[:(]/gm) ?? [];
      return fields.length > 12 && !rowTypes.includes(name) ? [`${path}: ${name}`] : [];
    });
  });
  expect(wide).toEqual([]);
});

it('comments wrap at 100 columns, but pictures and tables', () => {
  const long = modules.flatMap((path) =>
    readFileSync(join('src', path), 'utf8')
      .split('\n')
      .filter((line) => /^\s*(?:\/\*\*|\*|\/\/) ?\S/.test(line) && line.length > 100)
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(long).toEqual([]);
});

it('the page of the gallery uses types of the gallery, and modules that run in a browser as well', () => {
  const names = readdirSync('gallery', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.ts$/.test(name),
  );
  const used = names.flatMap((name) =>
    relativeImports(join('gallery', name))
      .map((path) => normalize(join('gallery', dirname(name), path)).replaceAll('\\', '/'))
      .filter((path) => path.startsWith('src/')),
  );
  const allowed = [
    'src/base/text.ts',
    'src/sinks/comparison/votes.ts',
    'src/sinks/gallery/galleryData.ts',
    'src/sinks/picks/picks.ts',
    'src/sinks/refinement/history.ts',
    'src/sinks/report/report.ts',
  ];
  expect([...new Set(used)].filter((path) => !allowed.includes(path))).toEqual([]);
});

it('the top of the project has no pictures, logs or packages that someone left there', () => {
  const strays = readdirSync('.').filter((name) => /\.(?:png|jpe?g|webp|svg|log|tgz|csv|html)$/.test(name));
  expect(strays).toEqual([]);
});

/**
 * The strongly connected parts of the graph of imports with more than one module, after Tarjan
 * (1972).
 */
function findCircles(all: readonly Arrow[]): string[][] {
  const next = Map.groupBy(all, ({ from }) => from);
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (path: string): number => {
    order.set(path, order.size);
    let low = order.get(path) ?? 0;
    open.push(path);
    for (const { to } of next.get(path) ?? []) {
      if (!order.has(to)) low = Math.min(low, visit(to));
      else if (open.includes(to)) low = Math.min(low, order.get(to) ?? low);
    }
    lowest.set(path, low);
    if (low !== order.get(path)) return low;
    const circle = open.splice(open.indexOf(path));
    if (circle.length > 1) circles.push(circle.sort());
    return low;
  };
  for (const path of modules) if (!order.has(path)) visit(path);
  return circles;
}

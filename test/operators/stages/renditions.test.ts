import { concat, EMPTY, map, NEVER, of } from 'rxjs';
import { expect, it } from 'vitest';
import { isFailed } from '../../../src/base/items/item.ts';
import { RenderError } from '../../../src/errors.ts';
import { createGate, gate } from '../../../src/operators/gate.ts';
import { type RenderedParts, renditions as renditionsOf } from '../../../src/operators/stages/renditions.ts';
import type { ImageFile, RenderedFile, RenditionSpec } from '../../../src/types.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { alone, madeOf } from '../../helpers/oneItem.ts';

const { renditions } = alone;

const spec: RenditionSpec = {
  name: 'square',
  widthPx: 10,
  heightPx: 10,
  fit: 'cover',
  format: 'jpeg',
  quality: 80,
};
const original: ImageFile = {
  path: '/run/v1.0/a.b.png',
  bytes: 1,
  sha256: '00',
  format: 'png',
  widthPx: 20,
  heightPx: 20,
};
const rendered: RenderedFile = { ...original, path: '/run/v1.0/a.b--square.jpg', format: 'jpeg', spec };

it(
  'emits originals with the renditions made from them',
  marbles(({ cold, expectObservable, flush }) => {
    const stems: string[] = [];
    const render = (_file: ImageFile, _specs: readonly RenditionSpec[], stem: string) => {
      stems.push(stem);
      return cold('----(r|)', { r: [rendered] });
    };
    expectObservable(of([original]).pipe(renditions({ render }, [spec]))).toBe('----(r|)', {
      r: [{ original, renditions: [rendered] }],
    });
    flush();
    expect(stems).toEqual(['/run/v1.0/a.b']);
  }),
);

it(
  'passes originals through if there are no renditions to make',
  marbles(({ expectObservable }) => {
    const render = () => NEVER;
    expectObservable(of([original]).pipe(renditions({ render }, []))).toBe('(r|)', {
      r: [{ original, renditions: [] }],
    });
  }),
);

it(
  'checks originals of which no renditions are wanted, behind the gate',
  marbles(({ cold, expectObservable }) => {
    const render = () => NEVER;
    const check = () => cold<never>('---|');
    const within = gate<RenderedParts>(createGate(1));
    const files = [original, original];
    const emitted = { r: files.map((file) => ({ original: file, renditions: [] })) };
    expectObservable(of(files).pipe(renditions({ render, check }, [], { within }))).toBe('---(r|)', emitted);
    expectObservable(of(files).pipe(renditions({ render, check }, [], { within }))).toBe(
      '------(r|)',
      emitted,
    );
    const broken = new RenderError('ERR_UNDECODABLE', 'no');
    const failing = () => cold<never>('-#', undefined, broken);
    const checked = of(files).pipe(renditions({ render, check: failing }, []));
    expectObservable(checked).toBe('-#', undefined, broken);
  }),
);

it(
  'passes on never, empty and errors',
  marbles(({ cold, expectObservable }) => {
    const broken = new RenderError('ERR_UNDECODABLE', 'no');
    const operator = renditions({ render: () => cold<readonly RenderedFile[]>('-#', undefined, broken) }, [
      spec,
    ]);
    expectObservable(NEVER.pipe(operator), '---!').toBe('---');
    expectObservable(EMPTY.pipe(operator)).toBe('|');
    expectObservable(of([original]).pipe(operator)).toBe('-#', undefined, broken);
  }),
);

it(
  'renders behind the gate',
  marbles(({ cold, expectSubscriptions, expectObservable }) => {
    const render = cold('--(r|)', { r: [rendered] });
    const operator = renditions({ render: () => render }, [spec], { within: gate(createGate(1)) });
    const result = [{ original, renditions: [rendered] }];
    expectObservable(of([original]).pipe(operator)).toBe('--(r|)', { r: result });
    expectObservable(of([original]).pipe(operator)).toBe('----(r|)', { r: result });
    expectSubscriptions(render.subscriptions).toBe(['^-!', '--^-!']);
  }),
);

it(
  'stops rendering when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const render = cold<readonly RenderedFile[]>('----(r|)');
    expectObservable(of([original]).pipe(renditions({ render: () => render }, [spec])), '-!').toBe('--');
    expectSubscriptions(render.subscriptions).toBe('^!');
  }),
);

it.each([
  ['renders', [spec]],
  ['checks', []],
])('%s the other originals if one is refused', (_what, specs) =>
  marbles(({ cold, expectObservable }) => {
    const broken = { ...original, path: '/run/broken.png' };
    const error = new RenderError('ERR_UNDECODABLE', 'no image');
    const work = (file: ImageFile) =>
      file.path === broken.path ? cold<never>('#', undefined, error) : EMPTY;
    const render = (file: ImageFile) => concat(work(file), of([]));
    const ended = (...files: ImageFile[]) =>
      of({ ...madeOf(aPrediction()), files }).pipe(
        renditionsOf({ render, check: work }, specs),
        map((item) => {
          const { refused } = item;
          return isFailed(item) ? { error: item.error, refused } : { images: item.images, refused };
        }),
      );
    const refused = (output: number) => [{ original: { ...broken, output }, error }];
    expectObservable(ended(original, broken)).toBe('(r|)', {
      r: { images: [{ original: { ...original, output: 0 }, renditions: [] }], refused: refused(1) },
    });
    expectObservable(ended(broken)).toBe('(r|)', { r: { error, refused: refused(0) } });
  })(),
);

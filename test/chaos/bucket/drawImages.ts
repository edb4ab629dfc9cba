import { startSimulator } from '../../../src/simulator/index.ts';

/** Lets a simulator draw different images of its usual size. */
export async function drawImages(count: number): Promise<readonly Uint8Array[]> {
  const simulator = await startSimulator({ render: 'full', speed: 1_000, coldStarts: false });
  const authorization = `Bearer ${simulator.token}`;
  try {
    const drawn: Uint8Array[] = [];
    for (let seed = 0; seed < count; seed += 1) {
      const input = { prompt: `A pear, number ${seed}`, seed };
      const created = await fetch(`${simulator.baseUrl}/models/black-forest-labs/flux-schnell/predictions`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', prefer: 'wait' },
        body: JSON.stringify({ input }),
      });
      const { output } = (await created.json()) as { output: readonly string[] };
      const file = await fetch(output[0] ?? '', { headers: { authorization } });
      drawn.push(new Uint8Array(await file.arrayBuffer()));
    }
    return drawn;
  } finally {
    await simulator.close();
  }
}

import type { Colour, Palette } from './Palette.ts';

function palette(skyTop: string, horizon: string, far: string, near: string, accent: string): Palette {
  return {
    skyTop: rgb(skyTop),
    horizon: rgb(horizon),
    far: rgb(far),
    near: rgb(near),
    accent: rgb(accent),
  };
}

function rgb(hex: string): Colour {
  const value = Number.parseInt(hex, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Colours that go well together: sky above, sky at the horizon, far, near, light. */
export const palettes: readonly [Palette, ...Palette[]] = [
  palette('2b2d6e', 'f7a072', 'c2557a', '1b1435', 'ffe3a3'), // dusk
  palette('6fa8d6', 'fde2c8', 'e8a598', '33304f', 'fff3d6'), // dawn
  palette('4f8396', 'e9eed2', '86b09a', '0f2b27', 'fff0b8'), // forest
  palette('3d7ea6', 'fbd9a5', 'e39556', '47191a', 'fff6d8'), // desert
  palette('0a0f2e', '3f5596', '3d4f8d', '04060f', 'f6efc4'), // night
  palette('1d5a94', 'cdeae4', '57adb0', '08203a', 'fff7e0'), // sea
  palette('83539a', 'ffd3c2', 'df7f9a', '2a1839', 'fff0e0'), // rose
  palette('27696e', 'dcf4dc', '7cc7a2', '082622', 'fefae0'), // mint
  palette('a23b22', 'ffcf86', 'e5803a', '260d0b', 'fff2c4'), // amber
  palette('446aa3', 'eaf3f9', '9fbfdc', '13233d', 'ffffff'), // polar
  palette('4a2c5e', 'f3b6a0', '8f5a86', '160d22', 'ffd9a0'), // plum
  palette('50535f', 'ebe5d9', 'a9a093', '19191d', 'ffb703'), // slate
];

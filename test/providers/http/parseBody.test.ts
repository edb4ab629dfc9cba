import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseBody, UnreadableBody } from '../../../src/providers/http/parseBody.ts';
import { unreadableResponse } from '../../../src/providers/http/responseError.ts';

function faultOf(text: string): UnreadableBody {
  try {
    parseBody(text);
  } catch (error) {
    if (error instanceof UnreadableBody) return error;
  }
  throw new Error(`Expected ${text} to be refused`);
}

const portal = '<!DOCTYPE html><html><head><title>Hotel Wi-Fi: log in</title></head><body></body></html>';

it.each([
  ['', 'an empty body'],
  [' \r\n', 'an empty body'],
  [portal, 'a web page, “Hotel Wi-Fi: log in”, and not a response of the service'],
  ['\uFEFF<html>Blocked</html>', 'a web page, “Blocked”, and not a response of the service'],
  ['<HTML><BODY></BODY></HTML>', 'a web page and not a response of the service'],
  ['{"id": "a", "urls": {', 'JSON that is cut'],
  ["{'id': 'a'}", 'broken JSON'],
  ['OK', 'a text that is not JSON'],
])('names the content that came in place of JSON: %j', (text, words) => {
  const fault = faultOf(text);
  expect(fault.message).toBe(words);
  expect(unreadableResponse(true, fault)).toMatchObject({
    code: 'ERR_UNREADABLE_ANSWER',
    message: `Expected a response as Replicate documents it, got ${words}`,
    suggestion: fault.suggestion,
    tookEffect: 'unknown',
  });
});

it('gives the advice for a web page', () => {
  expect(faultOf(portal).suggestion).toContain('the login page of a network');
});

it('calls JSON cut wherever it is cut', () => {
  const objects = fc.json({ maxDepth: 3 }).map((json) => `{"a b": ${json}, "é\\n": [true, null, -1.5e3]}`);
  fc.assert(
    fc.property(objects, fc.nat(), (json, at) => {
      const length = 1 + (at % (json.length - 1));
      expect(faultOf(json.slice(0, length)).message).toBe('JSON that is cut');
    }),
  );
});

it('reads JSON', () => {
  expect(parseBody(' {"a": [1]}\n')).toEqual({ a: [1] });
  expect(parseBody('null')).toBeNull();
});

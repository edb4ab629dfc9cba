#!/usr/bin/env node
import { acceptsNode } from './nodeVersion.ts';

if (acceptsNode(process)) {
  const { dispatch } = await import('./dispatch.ts');
  await dispatch(process.argv.slice(2));
}

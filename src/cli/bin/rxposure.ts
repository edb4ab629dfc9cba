#!/usr/bin/env node
import { loadInstalled } from './missingPackages.ts';
import { acceptsNode } from './nodeVersion.ts';

if (acceptsNode(process)) {
  const { keepCompiled } = await import('../../store/cacheFolder.ts');
  keepCompiled(process.env);
  const program = await loadInstalled(() => import('./dispatch.ts'));
  await program?.dispatch(process.argv.slice(2));
}

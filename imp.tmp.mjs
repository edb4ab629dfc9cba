import { pathToFileURL } from 'node:url';
const c=process.cpuUsage();const t=performance.now(); await import(process.argv[2].startsWith('dist')?pathToFileURL(process.argv[2]):process.argv[2]);const d=process.cpuUsage(c); console.log(((d.user+d.system)/1000).toFixed(0), (performance.now()-t).toFixed(0));
